/* The command line of portvnf-load. */
#ifndef PORTVNF_LOAD_OPTIONS_H
#define PORTVNF_LOAD_OPTIONS_H

#include <netinet/in.h>

#include "message.h"

struct options {
    struct network network;
    struct sockaddr_in local;
    struct sockaddr_in gateway;
    u64 ues;
    u64 window;
    u64 t3_ms;
    u64 n3;
    u64 limit_s;
    int help;
};

/* Reads the command line; 0, or prints a sentence and returns -1. */
int parse_options(struct options *options, int count, char **words);

/* Reads a whole decimal number from least to most; 0, or prints a sentence that names
 * `what` and returns -1. */
int parse_number(const char *what, const char *text, u64 least, u64 most, u64 *value);

extern const char options_help[];

#endif
