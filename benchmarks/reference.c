/* The C twin of the event-driven kernels: the same streams, the same results, as fast as plain C gets.
   Compiled by speed_of_c.py with gcc -O3 -march=native -ffp-contract=off. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN 0x9E3779B97F4A7C15ULL
typedef uint64_t u64;
typedef int64_t i64;

static inline u64 mix64(u64 z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}
static inline u64 stream(u64 seed, u64 r, u64 query) {
    return mix64(mix64(mix64(seed + GOLDEN) + (r + 1) * GOLDEN) ^ query);
}
static inline u64 batch_stream(u64 seed, u64 r) { return stream(seed, r, 0xAEF17502108EF2D9ULL); }
static inline u64 word(u64 key, u64 j) { return mix64(key + (j + 1) * GOLDEN); }
static inline u64 priority(u64 key) { return mix64(key ^ 0xD1B54A32D192ED03ULL); }
static inline u64 rule_key(u64 key, u64 draws) { return mix64((key ^ 0x8CB92BA72F3D8DD7ULL) + (draws + 1) * GOLDEN); }
static inline double uniform(u64 key, u64 j) { return ((double)(word(key, j) >> 11) + 0.5) * 0x1p-53; }
static inline u64 bounded(u64 key, u64 j, u64 n) {
    u64 bits = word(key, j), product = (bits >> 32) * n;
    if ((uint32_t)product < n) {
        u64 threshold = (0x100000000ULL - n) % n;
        while ((uint32_t)product < threshold) {
            bits = mix64(bits + GOLDEN);
            product = (bits >> 32) * n;
        }
    }
    return product >> 32;
}

static u64 kth_smallest(u64 *v, i64 count, i64 k) {
    i64 low = 0, high = count - 1, target = k - 1;
    while (low < high) {
        u64 pivot = v[(low + high) >> 1];
        i64 i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i <= j) { u64 t = v[i]; v[i] = v[j]; v[j] = t; i++; j--; }
        }
        if (target <= j) high = j; else if (target >= i) low = i; else break;
    }
    return v[target];
}

/* First success without replacement within `limit` draws; 0 = none. perm is the identity before and after. */
static inline i64 first_success(u64 key, const uint8_t *correct, i64 size, i64 limit, int32_t *perm, int32_t *swaps) {
    i64 drawn = 0, at = 0;
    while (drawn < limit) {
        i64 slot = drawn + (i64)bounded(key, drawn, size - drawn);
        int32_t sample = perm[slot];
        perm[slot] = perm[drawn];
        swaps[drawn++] = (int32_t)slot;
        if (correct[sample]) { at = drawn; break; }
    }
    for (i64 j = 0; j < drawn; j++) perm[swaps[j]] = swaps[j];
    return at;
}

/* The first `want` samples shown of a query. perm is the identity before and after. */
static inline void show(u64 key, i64 size, i64 want, int32_t *perm, int32_t *swaps, int32_t *out) {
    for (i64 j = 0; j < want; j++) {
        i64 slot = j + (i64)bounded(key, j, size - j);
        out[j] = perm[slot];
        perm[slot] = perm[j];
        swaps[j] = (int32_t)slot;
    }
    for (i64 j = 0; j < want; j++) perm[swaps[j]] = swaps[j];
}

/* What was shown of every query, in segments of the arena that double. */
typedef struct {
    i64 size, used, *ready, *segment;
    int32_t *perm, *swaps, *arena;
} Arena;

static inline Arena make_arena(i64 n, i64 size) {
    Arena a = {size, 0, malloc(n * 8), malloc(n * 8), malloc(size * 4), malloc(size * 4), malloc(4 * n * (3 * size + 16))};
    for (i64 i = 0; i < size; i++) a.perm[i] = (int32_t)i;
    return a;
}
static inline void free_arena(Arena a) {
    free(a.ready); free(a.segment); free(a.perm); free(a.swaps); free(a.arena);
}
static inline void clear(Arena *a, i64 n) {
    a->used = 0;
    memset(a->ready, 0, n * 8);
}
/* The sample of query q that follows so many. */
static inline i64 next_sample(Arena *a, u64 key, i64 q, i64 drawn) {
    if (drawn == a->ready[q]) {
        i64 want = 2 * drawn > 8 ? 2 * drawn : 8;
        if (want > a->size) want = a->size;
        show(key, a->size, want, a->perm, a->swaps, a->arena + a->used);
        a->segment[q] = a->used;
        a->ready[q] = want;
        a->used += want;
    }
    return q * a->size + a->arena[a->segment[q] + drawn];
}

static int by_value(const void *a, const void *b) {
    u64 x = **(const u64 *const *)a, y = **(const u64 *const *)b;
    return (x > y) - (x < y);
}

#define ONE (1LL << 40) /* of sums in fixed point */

/* The most frequent answer of m samples of a query, which shows its correct ones among them, averaged over ties, in fixed point.
   Answer 0 is none: it has no vote, unless nobody has one; then every sample is an answer of its own. tally: scratch by answer. */
static inline i64 majority(const int32_t *sample, i64 m, const uint8_t *correct, const int32_t *answer, i64 answers, u64 *tally) {
    memset(tally, 0, answers * 8);
    for (i64 j = 0; j < m; j++) tally[answer[sample[j]]] += 1 | (u64)correct[sample[j]] << 32;
    if ((uint32_t)tally[0] == m) return m ? ONE * (i64)(tally[0] >> 32) / m : 0;
    i64 top = 1, ties = 0, sum = 0;
    for (i64 a = 1; a < answers; a++) {
        i64 votes = (uint32_t)tally[a];
        if (votes > top) top = votes, ties = sum = 0;
        if (votes == top) ties++, sum += ONE * (i64)(tally[a] >> 32) / votes;
    }
    return sum / ties;
}

/* One budget. eliminate = 0 is uniform. Returns the draws; fills covered[r], query_covered and query_draws, and where there are
   answers chosen[r] and query_chosen: what the majority vote is worth. */
i64 replay(i64 n, i64 size, const u64 *query, const uint8_t *correct, const uint8_t *available, int eliminate,
           const int32_t *answer, const i64 *slots, i64 budget, u64 seed, i64 reps, i64 depth, i64 *covered, i64 *query_covered,
           i64 *query_draws, i64 *chosen, i64 *query_chosen) {
    int32_t *perm = malloc(size * 4), *swaps = malloc(size * 4), *shown = malloc(size * 4);
    u64 *tally = malloc(answer ? slots[n] * 8 : 0);
    u64 *keys = malloc(n * 8), *prio = malloc(n * 8), *scratch = malloc(n * 8);
    i64 *at = malloc(n * 8), *drawn = malloc(n * 8), *leaving = malloc((size + 2) * 8), total = 0;
    for (i64 i = 0; i < size; i++) perm[i] = (int32_t)i;
    i64 level0 = budget / n;
    for (i64 r = 0; r < reps; r++) {
        i64 looked = eliminate ? depth : level0 + 1;
        if (looked > size) looked = size;
        for (i64 q = 0; q < n; q++) {
            keys[q] = stream(seed, r, query[q]);
            prio[q] = priority(keys[q]);
            at[q] = available[q] ? first_success(keys[q], correct + q * size, size, looked, perm, swaps) : 0;
        }
        i64 done, rest;
        if (!eliminate) {
            done = level0;
            rest = budget - done * n;
        } else {
            for (;;) {
                memset(leaving, 0, (looked + 2) * 8);
                for (i64 q = 0; q < n; q++) if (at[q]) leaving[at[q]]++;
                i64 active = n, cost = 0;
                done = 0;
                while (done < looked && active > 0 && cost + active <= budget) {
                    cost += active;
                    done++;
                    active -= leaving[done];
                }
                rest = active > 0 ? budget - cost : 0;
                if (done < looked || looked == size || active == 0) { if (done == size) rest = 0; break; }
                looked = 2 * looked < size ? 2 * looked : size;
                for (i64 q = 0; q < n; q++)
                    if (!at[q] && available[q]) at[q] = first_success(keys[q], correct + q * size, size, looked, perm, swaps);
            }
        }
        u64 threshold = 0;
        if (rest > 0) {
            i64 m = 0;
            for (i64 q = 0; q < n; q++) if (!eliminate || !at[q] || at[q] > done) scratch[m++] = prio[q];
            threshold = kth_smallest(scratch, m, rest);
        }
        i64 hits = 0;
        for (i64 q = 0; q < n; q++) {
            i64 draws = eliminate && at[q] && at[q] <= done ? at[q] : done + (rest > 0 && prio[q] <= threshold);
            total += draws;
            query_draws[q] += draws;
            if (at[q] && at[q] <= draws) { hits++; query_covered[q]++; }
            drawn[q] = draws;
        }
        covered[r] = hits;
        for (i64 q = 0; q < n && answer; q++) {
            show(keys[q], size, drawn[q], perm, swaps, shown);
            i64 worth = majority(shown, drawn[q], correct + q * size, answer + q * size, slots[q + 1] - slots[q], tally);
            chosen[r] += worth;
            query_chosen[q] += worth;
        }
    }
    free(perm); free(swaps); free(shown); free(tally); free(keys); free(prio); free(scratch); free(at); free(drawn); free(leaving);
    return total;
}

/* Knows every first success and buys the cheapest, one budget, ties by priority. Returns the draws. */
i64 prophet(i64 n, i64 size, const u64 *query, const uint8_t *correct, const uint8_t *available, i64 budget, u64 seed, i64 reps,
            i64 depth, i64 *covered, i64 *query_covered, i64 *query_draws) {
    int32_t *perm = malloc(size * 4), *swaps = malloc(size * 4);
    u64 *keys = malloc(n * 8), *scratch = malloc(n * 8);
    i64 *at = malloc(n * 8), *costing = malloc((size + 1) * 8), total = 0;
    for (i64 i = 0; i < size; i++) perm[i] = (int32_t)i;
    for (i64 r = 0; r < reps; r++) {
        i64 looked = depth < size ? depth : size, sum, unknown;
        for (i64 q = 0; q < n; q++) keys[q] = stream(seed, r, query[q]), at[q] = 0;
        for (;;) { /* whoever is not seen yet costs more than was looked at */
            sum = unknown = 0;
            for (i64 q = 0; q < n; q++) {
                if (!at[q] && available[q]) at[q] = first_success(keys[q], correct + q * size, size, looked, perm, swaps);
                unknown |= !at[q] && available[q];
                sum += at[q];
            }
            if (!unknown || looked >= size || sum >= budget) break;
            looked = 2 * looked < size ? 2 * looked : size;
        }
        memset(costing, 0, (looked + 1) * 8);
        for (i64 q = 0; q < n; q++) costing[at[q]]++;
        i64 level = 1, spent = 0, hits = 0; /* all that cost less than `level` are bought */
        while (level <= looked && spent + level * costing[level] <= budget) {
            spent += level * costing[level];
            hits += costing[level++];
        }
        u64 threshold = 0;
        i64 rest = level <= looked ? (budget - spent) / level : 0;
        if (rest > 0) {
            i64 m = 0;
            for (i64 q = 0; q < n; q++) if (at[q] == level) scratch[m++] = priority(keys[q]);
            threshold = kth_smallest(scratch, m, rest);
        }
        for (i64 q = 0; q < n; q++)
            if (at[q] && (at[q] < level || (at[q] == level && rest > 0 && priority(keys[q]) <= threshold)))
                query_draws[q] += at[q], query_covered[q]++;
        covered[r] = hits + rest;
        total += spent + rest * level;
    }
    free(perm); free(swaps); free(keys); free(scratch); free(at); free(costing);
    return total;
}

/* Elimination by known rates, one budget: geometric first successes. */
i64 law(i64 n, const double *log_fail, const u64 *query, i64 budget, u64 seed, i64 reps, i64 depth, i64 *covered) {
    i64 *at = malloc(n * 8), *leaving = malloc((depth + 1) * 8), total = 0;
    u64 *keys = malloc(n * 8), *scratch = malloc(n * 8);
    for (i64 r = 0; r < reps; r++) {
        memset(leaving, 0, (depth + 1) * 8);
        for (i64 q = 0; q < n; q++) {
            keys[q] = stream(seed, r, query[q]);
            double time = log_fail[q] < 0 ? 1.0 + floor(log(uniform(keys[q], 0)) / log_fail[q]) : INFINITY;
            at[q] = (i64)fmin(time, (double)(budget + 1));
            if (at[q] <= depth) leaving[at[q]]++;
        }
        i64 done = 0, cost = 0, solved = 0, active = n;
        while (active > 0 && cost + active <= budget) {
            cost += active;
            if (++done > depth) {
                depth *= 2;
                leaving = realloc(leaving, (depth + 1) * 8);
                memset(leaving, 0, (depth + 1) * 8);
                for (i64 q = 0; q < n; q++) if (at[q] <= depth) leaving[at[q]]++;
            }
            solved += leaving[done];
            active -= leaving[done];
        }
        i64 rest = active > 0 ? budget - cost : 0;
        if (rest > 0) {
            i64 m = 0;
            for (i64 q = 0; q < n; q++) if (at[q] > done) scratch[m++] = priority(keys[q]);
            u64 threshold = kth_smallest(scratch, m, rest);
            for (i64 q = 0; q < n; q++) solved += at[q] == done + 1 && priority(keys[q]) <= threshold;
        }
        covered[r] = solved;
        total += cost + rest;
    }
    free(at); free(leaving); free(keys); free(scratch);
    return total;
}

/* The largest index by looking at every arm at every draw, 64 at a time. Arms that have left are taken out of the scan. */
typedef double v8 __attribute__((vector_size(64)));
typedef i64 m8 __attribute__((vector_size(64)));

#define VALUE(k) (((const v8 *)base)[k] + ((const v8 *)slope)[k] * clock)

/* Who has the largest index, of equals the smallest turn, which no two share: that turn, -1 = nobody. blocks: of 64 arms */
static inline i64 largest(const double *base, const double *slope, i64 blocks, double clock, const i64 *turn) {
    v8 top[8];
    for (int b = 0; b < 8; b++) top[b] = (v8){} - INFINITY;
    for (i64 k = 0; k < 8 * blocks; k += 8)
        for (int b = 0; b < 8; b++) {
            v8 value = VALUE(k + b);
            m8 above = value > top[b];
            top[b] = (v8)(((m8)value & above) | ((m8)top[b] & ~above));
        }
    for (int half = 4; half > 0; half /= 2)
        for (int b = 0; b < half; b++) {
            m8 above = top[b + half] > top[b];
            top[b] = (v8)(((m8)top[b + half] & above) | ((m8)top[b] & ~above));
        }
    double best = -INFINITY;
    for (int j = 0; j < 8; j++) best = top[0][j] > best ? top[0][j] : best;
    if (best == -INFINITY) return -1;
    m8 least[8];
    for (int b = 0; b < 8; b++) least[b] = (m8){} + INT64_MAX;
    for (i64 k = 0; k < 8 * blocks; k += 8) /* whoever ties with it */
        for (int b = 0; b < 8; b++) {
            m8 equal = VALUE(k + b) == best, own = ((const m8 *)turn)[k + b], below = equal & (own < least[b]);
            least[b] = (own & below) | (least[b] & ~below);
        }
    i64 first = INT64_MAX;
    for (int b = 0; b < 8; b++)
        for (int j = 0; j < 8; j++) first = least[b][j] < first ? least[b][j] : first;
    return first;
}

/* Rounds, draw by draw, one budget: a query leaves once more than `share` of at least `least` draws agree on one answer (0 agrees
   with none). Returns the draws. */
i64 consensus(i64 n, i64 size, const u64 *query, const uint8_t *correct, const int32_t *answer, const i64 *slots, double share,
              double least, i64 budget, u64 seed, i64 reps, i64 *covered, i64 *query_covered, i64 *query_draws) {
    Arena arena = make_arena(n, size);
    int32_t *votes = malloc(4 * slots[n]), *top = malloc(n * 4);
    i64 *active = malloc(n * 8), *draws = malloc(n * 8), total = 0;
    u64 *keys = malloc(n * 8), *own = malloc(n * 8), **order = malloc(n * 8);
    uint8_t *hit = malloc(n);
    for (i64 r = 0; r < reps; r++) {
        i64 left = n, spent = 0;
        clear(&arena, n);
        memset(votes, 0, 4 * slots[n]);
        for (i64 q = 0; q < n; q++) {
            keys[q] = stream(seed, r, query[q]);
            own[q] = priority(keys[q]);
            order[q] = own + q;
            draws[q] = top[q] = hit[q] = 0;
        }
        qsort(order, n, sizeof *order, by_value);
        for (i64 i = 0; i < n; i++) active[i] = order[i] - own;
        while (left > 0 && spent < budget) {
            i64 kept = 0;
            for (i64 i = 0; i < left && spent < budget; i++, spent++) {
                i64 q = active[i];
                i64 sample = next_sample(&arena, keys[q], q, draws[q]);
                draws[q]++;
                hit[q] |= correct[sample];
                if (answer[sample]) {
                    int32_t agree = ++votes[slots[q] + answer[sample]];
                    if (agree > top[q]) top[q] = agree;
                }
                if (!(draws[q] >= least && top[q] > share * draws[q]) && draws[q] < size) active[kept++] = q;
            }
            left = kept;
        }
        total += spent;
        covered[r] = 0;
        for (i64 q = 0; q < n; q++) covered[r] += hit[q], query_covered[q] += hit[q], query_draws[q] += draws[q];
    }
    free_arena(arena); free(votes); free(top); free(active); free(draws); free(keys); free(own); free(order); free(hit);
    return total;
}

enum { NEW = -1, GONE = -2 }; /* instead of a position in the scan */

/* One draw of every arm first, then by the largest index of UCB1 or, where there are answers, of their entropy; `wave` draws are
   decided before the first of them is seen. A signal of gamma or more takes its arm out. One budget. Returns the draws. */
i64 by_index(i64 n, i64 size, const u64 *query, const uint8_t *correct, const float *signal, float gamma, const int32_t *answer,
             const i64 *slots, const i64 *xlogx, const double *logs, double weight, i64 wave, i64 budget, u64 seed, i64 reps,
             i64 *covered, i64 *query_covered, i64 *query_draws) {
    i64 room = (n + 63) / 64 * 64, total = 0;
    double *base = aligned_alloc(64, room * 8), *slope = aligned_alloc(64, room * 8);
    i64 *arm = malloc(n * 8), *turn = aligned_alloc(64, room * 8), *place = malloc(n * 8), *decided = malloc(wave * 8);
    i64 *seen = malloc(n * 8), *clogc = malloc(n * 8), *rank = malloc(n * 8);
    u64 *keys = malloc(n * 8), *own = malloc(n * 8), **order = malloc(n * 8);
    double *sum = malloc(n * 8);
    uint8_t *hit = malloc(n), *out = malloc(n);
    Arena arena = make_arena(n, size);
    int32_t *votes = answer ? malloc(4 * slots[n]) : NULL;
    for (i64 r = 0; r < reps; r++) {
        i64 active = 0, spent = 0, opened = 0, most;
        clear(&arena, n);
        for (i64 i = 0; i < room; i++) base[i] = -INFINITY, slope[i] = 0;
        for (i64 q = 0; q < n; q++) {
            keys[q] = stream(seed, r, query[q]);
            own[q] = priority(keys[q]);
            order[q] = own + q;
            place[q] = NEW, sum[q] = 0, seen[q] = clogc[q] = hit[q] = out[q] = 0;
        }
        if (answer) memset(votes, 0, 4 * slots[n]);
        qsort(order, n, sizeof *order, by_value);
        for (i64 i = 0; i < n; i++) rank[order[i] - own] = i;
        for (; spent < budget; spent += most) {
            for (most = 0; most < wave; most++) {
                if (opened < n) {
                    decided[most] = order[opened++] - own;
                    continue;
                }
                i64 next = largest(base, slope, (active + 63) / 64, sqrt(log(spent + most + 1.0)), turn);
                if (next < 0) break;
                i64 q = decided[most] = order[next % n] - own, i = place[q];
                if (most + 1 == wave) continue; /* it is scored as soon as it is seen */
                i64 draws = next / n + 1;
                turn[i] = next + n;
                if (draws == size) {
                    base[i] = -INFINITY, slope[i] = 0;
                } else {
                    if (!answer) base[i] = sum[q] / draws;
                    slope[i] = answer ? weight / sqrt(draws) : weight * sqrt(2.0 / draws);
                }
            }
            if (most == 0) break;
            if (most > budget - spent) most = budget - spent;
            for (i64 k = 0; k < most; k++) {
                i64 q = decided[k];
                i64 sample = next_sample(&arena, keys[q], q, seen[q]++);
                hit[q] |= correct[sample];
                out[q] |= signal[sample] >= gamma;
                sum[q] += signal[sample];
                if (answer) {
                    i64 now = ++votes[slots[q] + answer[sample]];
                    clogc[q] += xlogx[now] - xlogx[now - 1];
                }
            }
            for (i64 k = 0; k < most; k++) {
                i64 q = decided[k], i = place[q];
                if (i == GONE) continue;
                if (out[q] || seen[q] == size) {
                    if (i >= 0) {
                        active--;
                        arm[i] = arm[active], turn[i] = turn[active];
                        base[i] = base[active], slope[i] = slope[active], base[active] = -INFINITY, slope[active] = 0;
                        place[arm[i]] = i;
                    }
                    place[q] = GONE;
                    continue;
                }
                if (i == NEW) i = place[q] = active++, arm[i] = q;
                i64 draws = seen[q];
                turn[i] = draws * n + rank[q];
                base[i] = answer ? logs[draws] - clogc[q] / 0x1p36 / draws : sum[q] / draws;
                slope[i] = answer ? weight / sqrt(draws) : weight * sqrt(2.0 / draws);
            }
        }
        total += spent;
        covered[r] = 0;
        for (i64 q = 0; q < n; q++) covered[r] += hit[q], query_covered[q] += hit[q], query_draws[q] += seen[q];
    }
    free_arena(arena); free(base); free(slope); free(arm); free(turn); free(place); free(decided); free(seen); free(clogc);
    free(keys); free(own); free(rank); free(order); free(sum); free(hit); free(out); free(votes);
    return total;
}

/* The k-th seat, from 0, of those with so many draws; seats are counted 64 at a time. */
static inline i64 member(const int32_t *draws, i64 seats, i64 many, i64 k) {
    for (i64 first = 0; first < seats; first += 64) {
        i64 inside = 0;
        for (i64 i = first; i < first + 64; i++) inside += draws[i] == many;
        if (inside > k)
            for (i64 i = first;; i++)
                if (draws[i] == many && k-- == 0) return i;
        k -= inside;
    }
    return -1;
}

/* Thompson sampling by the verifier's word, one budget: arms with equally many draws have one law, so one random number gives the
   largest index of them all, and one more says whose it is, in the order of their keys. Returns the draws. */
i64 thompson(i64 n, i64 size, const u64 *query, const uint8_t *correct, double b, i64 budget, u64 seed, i64 reps, i64 *covered,
             i64 *query_covered, i64 *query_draws) {
    Arena arena = make_arena(n, size);
    i64 *members = malloc((size + 1) * 8), total = 0;
    i64 room = (n + 63) / 64 * 64, *arm = malloc(n * 8), *seat = malloc(n * 8);
    int32_t *draws = malloc(room * 4); /* by seat, and none of who has left */
    u64 *keys = malloc(n * 8), *own = malloc(n * 8);
    const u64 **order = malloc(n * 8);
    for (i64 q = 0; q < n; q++) order[q] = query + q;
    qsort(order, n, sizeof *order, by_value);
    for (i64 i = 0; i < n; i++) arm[i] = order[i] - query, seat[arm[i]] = i;
    for (i64 r = 0; r < reps; r++) {
        i64 spent = 0, deepest = 0;
        u64 batch = batch_stream(seed, r);
        clear(&arena, n);
        memset(members, 0, (size + 1) * 8);
        memset(draws, 0, room * 4);
        for (i64 q = 0; q < n; q++) {
            keys[q] = stream(seed, r, query[q]);
            own[q] = priority(keys[q]);
            order[q] = own + q;
        }
        qsort(order, n, sizeof *order, by_value);
        covered[r] = 0;
        for (; spent < budget; spent++) {
            i64 q, before = 0;
            if (spent < n) {
                q = order[spent] - own;
            } else {
                u64 key = rule_key(batch, spent);
                double best = -INFINITY;
                for (i64 d = 1; d <= deepest; d++)
                    if (members[d]) {
                        double tail = -expm1(log(uniform(key, 1 + d)) / members[d]), value = 1.0 - pow(tail, 1.0 / (b + d));
                        if (value > best) best = value, before = d;
                    }
                if (!before) break;
                q = arm[member(draws, room, before, bounded(key, 0, members[before]))];
                members[before]--;
            }
            query_draws[q]++;
            i64 solved = correct[next_sample(&arena, keys[q], q, before)], after = solved || before + 1 == size ? 0 : before + 1;
            covered[r] += solved;
            query_covered[q] += solved;
            draws[seat[q]] = after;
            members[after]++;
            if (after > deepest) deepest = after;
        }
        total += spent;
    }
    free_arena(arena); free(members); free(arm); free(seat); free(draws); free(keys); free(own); free(order);
    return total;
}
