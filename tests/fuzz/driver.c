/* A main for fuzz targets where there is no libFuzzer: every file of the corpus, then mutations
 * of them, always the same ones (TARE_FUZZ_RUNS and TARE_FUZZ_SEED change that).
 *
 *   fuzz_NAME FILE_OR_DIRECTORY...
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { FILES_MAX = 1000, SIZE_MOST = 1 << 20, GROWN_MOST = 1 << 16, RUNS = 5000, CHANGES_MOST = 6 };

struct input {
    char path[512];
    uint8_t *data;
    size_t size;
};

static struct input inputs[FILES_MAX];
static size_t input_count;
static char now[640]; /* what is being run, for the one who reads of a crash */

static uint64_t random_state;

/* splitmix64, Steele, Lea and Flood 2014. */
static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t below(size_t bound) { return bound ? (size_t)(next_random() % bound) : 0; }

/* A copy of exactly its size, so that a sanitizer sees the first byte read beyond it. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void on_crash(int number)
{
    static const char TEXT[] = "crashed on ";
    (void)!write(STDERR_FILENO, TEXT, sizeof TEXT - 1);
    (void)!write(STDERR_FILENO, now, strlen(now));
    (void)!write(STDERR_FILENO, "\n", 1);
    signal(number, SIG_DFL);
    raise(number);
}

static void add_file(const char *path)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &info) != 0 || info.st_size > SIZE_MOST || input_count == FILES_MAX) {
        fprintf(stderr, "%s: cannot be read, or is too large, or one too many\n", path);
        exit(2);
    }
    struct input *input = &inputs[input_count++];
    input->data = malloc((size_t)info.st_size + 1);
    if (!input->data)
        abort();
    snprintf(input->path, sizeof input->path, "%s", path);
    input->size = fread(input->data, 1, (size_t)info.st_size, file);
    fclose(file);
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static void add(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        struct dirent **names = NULL;
        int count = scandir(path, &names, is_visible, alphasort); /* sorted: the same runs everywhere */
        for (int i = 0; i < count; i++) {
            char inner[1024];
            snprintf(inner, sizeof inner, "%s/%s", path, names[i]->d_name);
            add_file(inner);
            free(names[i]);
        }
        free(names);
    } else {
        add_file(path);
    }
}

/* Put `size` bytes of `from` in place of `cut` bytes at `at`. */
static void splice(uint8_t *data, size_t *used, size_t at, size_t cut, const uint8_t *from, size_t size)
{
    if (*used - cut + size > GROWN_MOST)
        return;
    memmove(data + at + size, data + at + cut, *used - at - cut);
    memmove(data + at, from, size);
    *used = *used - cut + size;
}

static void change(uint8_t *data, size_t *used)
{
    static const uint8_t ODD[] = { 0x00, 0x7f, 0x80, 0xff, '\n', '\t', '{', '[', ':', '-', '&', '*', '"', '=', ' ' };
    const struct input *other = &inputs[below(input_count)];
    size_t at = below(*used + 1), left = *used - at;
    size_t from = below(other->size), most = other->size - from < 64 ? other->size - from : 64;
    uint8_t byte = (uint8_t)next_random(), piece[64];
    switch (below(6)) {
    case 0:
        if (left)
            data[at] ^= (uint8_t)(1u << below(8));
        break;
    case 1: splice(data, used, at, 0, &ODD[below(sizeof ODD)], 1); break;
    case 2: splice(data, used, at, left ? 1 : 0, &byte, 1); break;
    case 3: splice(data, used, at, below(left < 64 ? left + 1 : 64), &byte, 0); break;
    case 4: splice(data, used, at, below(left < 8 ? left + 1 : 8), other->data + from, most); break;
    default: /* a piece of itself once more */
        most = left < sizeof piece ? left : sizeof piece;
        memcpy(piece, data + at, most);
        splice(data, used, below(*used + 1), 0, piece, most);
    }
}

static uint64_t number_from(const char *variable, uint64_t fallback)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : fallback;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        add(argv[i]);
    if (input_count == 0) {
        fprintf(stderr, "usage: %s FILE_OR_DIRECTORY...\n", argv[0]);
        return 2;
    }
    static const int CRASHES[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    for (size_t i = 0; i < sizeof CRASHES / sizeof *CRASHES; i++)
        signal(CRASHES[i], on_crash);
    for (size_t i = 0; i < input_count; i++) {
        snprintf(now, sizeof now, "%.500s", inputs[i].path);
        run(inputs[i].data, inputs[i].size);
    }
    uint64_t runs = number_from("TARE_FUZZ_RUNS", RUNS), seed = number_from("TARE_FUZZ_SEED", 1);
    static uint8_t data[GROWN_MOST];
    for (uint64_t i = 0; i < runs; i++) {
        random_state = seed * UINT64_C(1000000007) + i; /* each run alone can be repeated */
        const struct input *input = &inputs[below(input_count)];
        size_t used = input->size < GROWN_MOST ? input->size : GROWN_MOST;
        memcpy(data, input->data, used);
        for (size_t changes = 1 + below(CHANGES_MOST); changes > 0; changes--)
            change(data, &used);
        snprintf(now, sizeof now, "mutation %llu of seed %llu, made of %s", (unsigned long long)i,
                 (unsigned long long)seed, input->path);
        run(data, used);
    }
    printf("%zu files and %llu mutations of them\n", input_count, (unsigned long long)runs);
    for (size_t i = 0; i < input_count; i++)
        free(inputs[i].data);
    return 0;
}
