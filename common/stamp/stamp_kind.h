/* stamp_kind.h - where the stamps of a clock probe come from: the nearer to the wire, the tighter the bound. */
#ifndef TARE_STAMP_KIND_H
#define TARE_STAMP_KIND_H

/* The worst first: over the control channel; this process; the kernel's, of what arrives; and of what
 * leaves, too. */
#define STAMP_KINDS(X)        \
    X(STAMP_ZEROMQ, "zeromq") \
    X(STAMP_USER, "user")     \
    X(STAMP_RECEIVED, "rx")   \
    X(STAMP_BOTH, "tx+rx")

#define STAMP_KIND_MEMBER(name, word) name,
enum stamp_kind { STAMP_KINDS(STAMP_KIND_MEMBER) STAMP_KIND_COUNT };

const char *stamp_kind_word(enum stamp_kind kind);

/* STAMP_KIND_COUNT for a word that is none of them. */
enum stamp_kind stamp_kind_from(const char *word);

#endif
