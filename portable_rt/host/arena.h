/* The memory that all of a VNF's state lies in. */
#ifndef PORTVNF_HOST_ARENA_H
#define PORTVNF_HOST_ARENA_H

#include "sentence.h"

/* A VNF's arena; base is NULL when there is none. */
struct pv_arena {
    u8 *base;
    u64 length;
};

/* Makes and initialises an arena for the configuration; 0, or fails with a sentence. */
i64 pv_arena_make(struct pv_arena *arena, const struct pv_vnf_calls *calls, const u8 *config,
                  u64 config_length, u64 now_ns, struct pv_sentence sentence);

/* Gives the memory back. An arena that is not there is no error. */
void pv_arena_discard(struct pv_arena *arena);

#endif
