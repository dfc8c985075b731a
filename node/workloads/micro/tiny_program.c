#include "tiny_program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* exit(0), as the kernel's interface has it. */
#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
static const uint8_t CODE[] = { 0xb8, 60,   0, 0, 0, /* mov eax, 60 */
                                0x31, 0xff,          /* xor edi, edi */
                                0x0f, 0x05 };        /* syscall */
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
static const uint8_t CODE[] = { 0xa8, 0x0b, 0x80, 0xd2,   /* mov x8, #93 */
                                0x00, 0x00, 0x80, 0xd2,   /* mov x0, #0 */
                                0x01, 0x00, 0x00, 0xd4 }; /* svc #0 */
#else
enum { MACHINE = EM_NONE };
static const uint8_t CODE[1];
#endif

enum { ADDRESS = 0x400000 };

/* A header, one segment that is the whole file, and the code (elf(5)). */
struct image {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    uint8_t code[sizeof CODE];
};

static struct image image_of_code(void)
{
    struct image image = {
        .header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                    .e_type = ET_EXEC,
                    .e_machine = MACHINE,
                    .e_version = EV_CURRENT,
                    .e_entry = ADDRESS + offsetof(struct image, code),
                    .e_phoff = offsetof(struct image, segment),
                    .e_ehsize = sizeof image.header,
                    .e_phentsize = sizeof image.segment,
                    .e_phnum = 1 },
        .segment = { .p_type = PT_LOAD,
                     .p_flags = PF_R | PF_X,
                     .p_vaddr = ADDRESS,
                     .p_filesz = sizeof image,
                     .p_memsz = sizeof image,
                     .p_align = 0x10000 },
    };
    for (size_t i = 0; i < sizeof CODE; i++)
        image.code[i] = CODE[i];
    return image;
}

bool tiny_program_make(int *fd, struct err *e)
{
    if (MACHINE == EM_NONE)
        return err_set(e, ERR_USAGE, "fork_exec: the program to be started is not written for this CPU");
    int made = memfd_create("tare-tiny", MFD_CLOEXEC);
    if (made < 0)
        return err_errno(e, errno, "a program in memory");
    struct image image = image_of_code();
    if (write(made, &image, sizeof image) != (ssize_t)sizeof image) {
        err_errno(e, errno, "writing a program into memory");
        close(made);
        return false;
    }
    *fd = made;
    return true;
}
