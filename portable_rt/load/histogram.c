/* Log-linear buckets: see histogram.h. */
#include "histogram.h"

static u64 bucket_of(u64 value)
{
    if (value < 32)
        return value;
    u64 power = 63 - (u64)__builtin_clzll(value);
    return (power - 4) * 32 + ((value >> (power - 5)) & 31);
}

/* The middle of a bucket. */
static u64 value_of(u64 bucket)
{
    if (bucket < 64)
        return bucket;
    u64 power = bucket / 32 + 4;
    u64 width = 1ull << (power - 5);
    return (32 + bucket % 32) * width + width / 2;
}

void histogram_add(struct histogram *histogram, u64 value)
{
    histogram->count++;
    histogram->bucket[bucket_of(value)]++;
    if (value > histogram->largest)
        histogram->largest = value;
}

u64 histogram_percentile(const struct histogram *histogram, double share)
{
    u64 wanted = (u64)(share * (double)histogram->count);
    u64 seen = 0;
    for (u64 i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->bucket[i];
        if (seen > wanted) {
            u64 value = value_of(i);
            return value < histogram->largest ? value : histogram->largest;
        }
    }
    return histogram->largest;
}
