/* Arenas: zeroed pages, taken from the system when they are first touched. */
#include "arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

i64 pv_arena_make(struct pv_arena *arena, const struct pv_vnf_calls *calls, const u8 *config,
                  u64 config_length, u64 now_ns, struct pv_sentence sentence)
{
    i64 size = calls->arena_size(config, config_length);
    if (size <= 0)
        return pv_fail(sentence, EINVAL, "the VNF refuses the configuration (error %lld)", -size);
    void *base =
        mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return pv_fail(sentence, errno, "there is no memory for an arena of %lld bytes: %s", size,
                       strerror(errno));
    *arena = (struct pv_arena){base, (u64)size};
    /* Sessions are looked up at random: large pages save most address translations. */
    madvise(base, (size_t)size, MADV_HUGEPAGE);
    i64 result = calls->init(arena->base, arena->length, config, config_length, now_ns);
    if (result < 0) {
        pv_arena_discard(arena);
        return pv_fail(sentence, EINVAL, "the VNF refuses the configuration (error %lld)", -result);
    }
    return 0;
}

void pv_arena_discard(struct pv_arena *arena)
{
    if (arena->base)
        munmap(arena->base, arena->length);
    *arena = (struct pv_arena){0};
}
