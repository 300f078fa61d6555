/* Error sentences and driver arguments. */
#include "sentence.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

i64 pv_fail(struct pv_sentence sentence, int code, const char *format, ...)
{
    if (sentence.text && sentence.size) {
        va_list values;
        va_start(values, format);
        vsnprintf(sentence.text, sentence.size, format, values);
        va_end(values);
    }
    return -(i64)code;
}

static i64 take_argument(const char *driver, const char *item, u64 length,
                         const struct pv_argument *known, u64 known_count,
                         struct pv_sentence sentence)
{
    const char *equals = memchr(item, '=', length);
    u64 key_length = equals ? (u64)(equals - item) : length;
    for (u64 i = 0; i < known_count; i++) {
        const struct pv_argument *argument = &known[i];
        if (strlen(argument->key) != key_length || memcmp(argument->key, item, key_length) != 0)
            continue;
        u64 value_length = equals ? length - key_length - 1 : 0;
        if (value_length == 0)
            return pv_fail(sentence, EINVAL, "driver %s: argument %s has no value", driver,
                           argument->key);
        if (argument->value[0])
            return pv_fail(sentence, EINVAL, "driver %s: argument %s is given twice", driver,
                           argument->key);
        if (value_length >= argument->size)
            return pv_fail(sentence, EINVAL,
                           "driver %s: argument %s is longer than %llu characters", driver,
                           argument->key, argument->size - 1);
        memcpy(argument->value, equals + 1, value_length);
        argument->value[value_length] = 0;
        return 0;
    }
    return pv_fail(sentence, EINVAL, "driver %s: unknown argument \"%.*s\"", driver,
                   (int)key_length, item);
}

i64 pv_arguments_parse(const char *driver, const char *text, const struct pv_argument *known,
                       u64 known_count, struct pv_sentence sentence)
{
    for (u64 i = 0; i < known_count; i++)
        known[i].value[0] = 0;
    for (const char *item = text ? text : ""; *item;) {
        u64 length = strcspn(item, ",");
        i64 result = take_argument(driver, item, length, known, known_count, sentence);
        if (result < 0)
            return result;
        item += length;
        if (*item == ',')
            item++;
    }
    return 0;
}
