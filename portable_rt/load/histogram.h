/* Times in buckets that are at most 3 % wide: percentiles of any number of samples. */
#ifndef PORTVNF_LOAD_HISTOGRAM_H
#define PORTVNF_LOAD_HISTOGRAM_H

#include <portvnf/types.h>

/* 32 buckets for every power of two. */
#define HISTOGRAM_BUCKETS (64 * 32)

struct histogram {
    u64 count;
    u64 largest;
    u64 bucket[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, u64 value);

/* The value below which `share` (0 to 1) of the samples lie; 0 without samples. */
u64 histogram_percentile(const struct histogram *histogram, double share);

#endif
