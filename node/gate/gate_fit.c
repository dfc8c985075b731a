#include "gate_fit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/beside.h"

enum { HEADERS_MOST = 64 };

/* The place of the dynamic linker's name in the file; false where it names none. */
static bool find_linker(int fd, const ElfW(Ehdr) * head, ElfW(Phdr) * found)
{
    if (head->e_phentsize != sizeof *found)
        return false;
    for (unsigned i = 0; i < head->e_phnum && i < HEADERS_MOST; i++)
        if (pread(fd, found, sizeof *found, (off_t)(head->e_phoff + i * sizeof *found)) == (ssize_t)sizeof *found &&
            found->p_type == PT_INTERP)
            return true;
    return false;
}

/* `fit` of what is open at `fd`. */
static const char *read_fit(int fd, struct gate_fit *fit)
{
    ElfW(Ehdr) head;
    ElfW(Phdr) linker;
    ssize_t got = pread(fd, &head, sizeof head, 0);
    if (got > 1 && head.e_ident[0] == '#' && head.e_ident[1] == '!')
        return "it is a script";
    if (got != (ssize_t)sizeof head || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return "it is no ELF program";
    memcpy(fit->ident, head.e_ident, sizeof fit->ident);
    fit->machine = head.e_machine;
    if (head.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
        return "it is of another machine";
    if (!find_linker(fd, &head, &linker))
        return "it is static";
    if (linker.p_filesz == 0 || linker.p_filesz > sizeof fit->linker ||
        pread(fd, fit->linker, linker.p_filesz, (off_t)linker.p_offset) != (ssize_t)linker.p_filesz ||
        fit->linker[linker.p_filesz - 1] != '\0')
        return "its dynamic linker has no name";
    return NULL;
}

bool gate_fit_own(struct gate_fit *fit, struct err *e)
{
    int fd = open(BESIDE_THIS, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "cannot read '%s'", BESIDE_THIS);
    const char *why = read_fit(fd, fit);
    close(fd);
    return !why || err_set(e, ERR_INTERNAL, "this program: %s", why);
}

/* Its dynamic linker ignores what its caller would have it load. */
static const char *judge_rights(int fd)
{
    struct stat st;
    char none;
    if (fstat(fd, &st) != 0)
        return "it cannot be looked at";
    if (st.st_mode & (S_ISUID | S_ISGID))
        return "it is setuid";
    return fgetxattr(fd, "security.capability", &none, 0) > 0 ? "it has capabilities of its own" : NULL;
}

const char *gate_fit_judge(const struct gate_fit *own, const char *program)
{
    struct gate_fit fit;
    int fd = open(program, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return "it cannot be read";
    const char *why = judge_rights(fd);
    if (!why)
        why = read_fit(fd, &fit);
    close(fd);
    if (!why && (memcmp(fit.ident, own->ident, sizeof fit.ident) != 0 || fit.machine != own->machine))
        why = "it is of another machine";
    return !why && strcmp(fit.linker, own->linker) != 0 ? "it has another dynamic linker" : why;
}
