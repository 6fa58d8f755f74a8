// Coverage of one firm's needs by a block of advisers at once.
//
//   sum_b += sum_k w_k min(need_k, skill_kb)      for the advisers b of a block
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
#include <cstring>

namespace libmatch::detail {

/// One block of advisers: four registers of eight, or eight of four.
inline constexpr std::size_t block_advisers = 32;

#if defined(__GNUC__)

template <class Lanes>
__attribute__((always_inline)) inline void coverage_lanes(const float* weight, const float* need,
                                                          const float* skill, std::size_t skills,
                                                          float* sum) {
    constexpr std::size_t width = sizeof(Lanes) / sizeof(float);
    // Four sums at once: one alone would wait for its last addition.
    Lanes s0, s1, s2, s3;
    std::memcpy(&s0, sum, sizeof s0);
    std::memcpy(&s1, sum + width, sizeof s1);
    std::memcpy(&s2, sum + 2 * width, sizeof s2);
    std::memcpy(&s3, sum + 3 * width, sizeof s3);
    for (std::size_t k = 0; k < skills; ++k) {
        const Lanes most = need[k] - Lanes{}, w = weight[k] - Lanes{};
        const float* row = skill + k * block_advisers;
        Lanes r0, r1, r2, r3;
        std::memcpy(&r0, row, sizeof r0);
        std::memcpy(&r1, row + width, sizeof r1);
        std::memcpy(&r2, row + 2 * width, sizeof r2);
        std::memcpy(&r3, row + 3 * width, sizeof r3);
        s0 += w * (r0 < most ? r0 : most);
        s1 += w * (r1 < most ? r1 : most);
        s2 += w * (r2 < most ? r2 : most);
        s3 += w * (r3 < most ? r3 : most);
    }
    std::memcpy(sum, &s0, sizeof s0);
    std::memcpy(sum + width, &s1, sizeof s1);
    std::memcpy(sum + 2 * width, &s2, sizeof s2);
    std::memcpy(sum + 3 * width, &s3, sizeof s3);
}

using FourLanes = float __attribute__((vector_size(16)));
using EightLanes = float __attribute__((vector_size(32)));

inline void coverage_block_baseline(const float* weight, const float* need, const float* skill,
                                    std::size_t skills, float* sum) {
    coverage_lanes<FourLanes>(weight, need, skill, skills, sum);
    coverage_lanes<FourLanes>(weight, need, skill + 16, skills, sum + 16);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) inline void coverage_block_avx2(const float* weight,
                                                                const float* need,
                                                                const float* skill,
                                                                std::size_t skills, float* sum) {
    coverage_lanes<EightLanes>(weight, need, skill, skills, sum);
}
#endif

#else

inline void coverage_block_baseline(const float* weight, const float* need, const float* skill,
                                    std::size_t skills, float* sum) {
    for (std::size_t k = 0; k < skills; ++k) {
        const float* row = skill + k * block_advisers;
        for (std::size_t b = 0; b < block_advisers; ++b)
            sum[b] += weight[k] * (row[b] < need[k] ? row[b] : need[k]);
    }
}

#endif

/// weight, need: one per skill. skill: skills x block_advisers. sum: one per adviser, added to.
using CoverageBlock = void (*)(const float* weight, const float* need, const float* skill,
                               std::size_t skills, float* sum);

/// The version for this processor.
[[nodiscard]] inline CoverageBlock coverage_block() {
#if defined(__GNUC__) && defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return &coverage_block_avx2;
#endif
    return &coverage_block_baseline;
}

}  // namespace libmatch::detail
