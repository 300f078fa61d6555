/* The command line of portvnf-host. */
#ifndef PORTVNF_NATIVE_HOST_OPTIONS_H
#define PORTVNF_NATIVE_HOST_OPTIONS_H

#include <portvnf/engine.h>

/* "NUMBER:DRIVER:ARGUMENTS", taken apart. */
struct pv_port_option {
    u64 number;
    const char *driver;
    const char *arguments;
};

struct pv_options {
    const char *vnf;
    const char *replay; /* NULL: run on ports */
    const char *output;
    u64 fill;
    const char *config;
    struct pv_port_option ports[PV_PORTS_MAX];
    u64 port_count;
    u64 seconds; /* 0: until a signal */
    int help;
};

/* Reads the command line, which it changes and must outlive the options; 0, or prints a
 * sentence and returns a negative value. */
i64 pv_options_parse(struct pv_options *options, int count, char **words);

extern const char pv_options_help[];

#endif
