// Coverage of one firm's needs by a block of advisers at once, and which of them reach a threshold.
//
//   sum_b = sum_k w_k min(need_k, skill_kb),   bit b of the answer: offset_b + sum_b >= threshold
//
// Method: the skills of a block lie by skill, so that one instruction serves several advisers; each
// adviser's sum runs over the skills in the same order whatever the width of the registers. On
// x86-64 the widest version that the processor has is chosen at run time, so no flag of the user's
// build is needed.
//
// Rounding: single precision; a sum of K terms differs from the exact one by less than
// (K + 2) 2^-24 times the sum of the terms' sizes, which callers take into account.
//
// Complexity: O(skills) per adviser. Deterministic.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace libmatch::detail {

inline constexpr std::size_t block_advisers = 32;

/// weight, need: one per skill. skill: skills x block_advisers. offset, sum: one per adviser.
using CoverageBlock = std::uint32_t (*)(const float* weight, const float* need, const float* skill,
                                        std::size_t skills, const float* offset, float threshold,
                                        float* sum);

inline std::uint32_t coverage_block_plain(const float* weight, const float* need,
                                          const float* skill, std::size_t skills,
                                          const float* offset, float threshold, float* sum) {
    for (std::size_t b = 0; b < block_advisers; ++b) sum[b] = 0;
    for (std::size_t k = 0; k < skills; ++k) {
        const float* row = skill + k * block_advisers;
        for (std::size_t b = 0; b < block_advisers; ++b)
            sum[b] += weight[k] * (row[b] < need[k] ? row[b] : need[k]);
    }
    std::uint32_t reached = 0;
    for (std::size_t b = 0; b < block_advisers; ++b)
        reached |= static_cast<std::uint32_t>(offset[b] + sum[b] >= threshold) << b;
    return reached;
}

#if defined(__x86_64__) && defined(__GNUC__)

__attribute__((target("avx2"))) inline std::uint32_t coverage_block_avx2(
    const float* weight, const float* need, const float* skill, std::size_t skills,
    const float* offset, float threshold, float* sum) {
    // Four sums at once: one alone would wait for its last addition.
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    for (std::size_t k = 0; k < skills; ++k) {
        const __m256 w = _mm256_set1_ps(weight[k]), most = _mm256_set1_ps(need[k]);
        const float* row = skill + k * block_advisers;
        const auto term = [&](std::size_t at) __attribute__((target("avx2"), always_inline)) {
            return _mm256_mul_ps(w, _mm256_min_ps(_mm256_loadu_ps(row + at), most));
        };
        s0 = _mm256_add_ps(s0, term(0));
        s1 = _mm256_add_ps(s1, term(8));
        s2 = _mm256_add_ps(s2, term(16));
        s3 = _mm256_add_ps(s3, term(24));
    }
    const __m256 least = _mm256_set1_ps(threshold);
    const auto store = [&](__m256 s, std::size_t at)
        __attribute__((target("avx2"), always_inline)) {
        _mm256_storeu_ps(sum + at, s);
        const __m256 reach = _mm256_add_ps(s, _mm256_loadu_ps(offset + at));
        return static_cast<std::uint32_t>(
                   _mm256_movemask_ps(_mm256_cmp_ps(reach, least, _CMP_GE_OQ)))
               << at;
    };
    return store(s0, 0) | store(s1, 8) | store(s2, 16) | store(s3, 24);
}

#endif

/// The version for this processor.
[[nodiscard]] inline CoverageBlock coverage_block() {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx2")) return &coverage_block_avx2;
#endif
    return &coverage_block_plain;
}

}  // namespace libmatch::detail
