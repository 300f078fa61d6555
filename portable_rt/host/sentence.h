/* Error sentences and driver arguments: the text that crosses the engine's interface. */
#ifndef PORTVNF_HOST_SENTENCE_H
#define PORTVNF_HOST_SENTENCE_H

#include "contract.h"

/* Where a failing function leaves its sentence; text may be NULL when nobody asks. */
struct pv_sentence {
    char *text;
    u64 size;
};

/* Writes the sentence (cut to the space there is) and returns -code. */
__attribute__((format(printf, 3, 4))) i64 pv_fail(struct pv_sentence sentence, int code,
                                                  const char *format, ...);

/* One argument that a driver knows; value (size bytes) is empty when it is not given. */
struct pv_argument {
    const char *key;
    char *value;
    u64 size;
};

/* Parses "key=value,key=value" (a value cannot contain a comma). Unknown, repeated,
 * empty and over-long ones are refused with a sentence that names the driver. */
i64 pv_arguments_parse(const char *driver, const char *text, const struct pv_argument *known,
                       u64 known_count, struct pv_sentence sentence);

#endif
