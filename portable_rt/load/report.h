/* The results of a command as one line of JSON. */
#ifndef PORTVNF_LOAD_REPORT_H
#define PORTVNF_LOAD_REPORT_H

#include <stdio.h>

#include "run.h"

void report_json(FILE *out, const struct selection *selection, const struct results *results);

#endif
