// Net values of one firm with many advisers at once, in whole steps of 16 bits.
//
//   net_b = offset_b + round(scale 2^shift sum_k weight_k min(need_k, skill_kb) / 2^15)
//
// for the advisers of blocks that an eligibility mask lets through, `excluded` for all others; then
// how many reach a threshold, and which. Exact search asks for a filter only: what a step rounds
// away is the caller's to add, and whatever may count is scored again in full.
//
// Method: levels are bytes, two skills side by side, so that one instruction takes the lower level
// of 32 or 64 bytes and one more weighs and adds them in pairs. On x86-64 the version with AVX2 or
// AVX-512 is chosen at run time, so no flag of the user's build is needed; every version gives the
// same bits.
//
// Preconditions: sum_k weight_k need_k 2^shift <= 32,767, so that nothing saturates but offsets.
//
// Complexity: O(skills / 64) instructions per adviser. Deterministic.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define LIBMATCH_NET_BLOCK_AVX2 __attribute__((target("avx2,popcnt,bmi")))
#define LIBMATCH_NET_BLOCK_AVX512 __attribute__((target("avx512f,avx512bw,popcnt,bmi")))
#endif

namespace libmatch::detail {

inline constexpr std::size_t block_advisers = 32;
/// Net value of advisers that a mask holds back; no other is as low.
inline constexpr std::int16_t excluded_net = std::numeric_limits<std::int16_t>::min();

/// What a firm needs, two skills to an entry: the byte of the first is the low one.
struct NeedCode {
    const std::uint16_t* need = nullptr;
    const std::uint16_t* weight = nullptr;  ///< each byte at most 127
    std::size_t pairs = 0;
    int shift = 0;
    std::int16_t scale = 0;
};

/// Blocks of advisers as one firm meets them. Bit b of an entry of `mask` stands for adviser b of
/// that block; an adviser counts where all four masks let it through.
struct NetBlocks {
    std::size_t blocks = 0;
    const std::uint8_t* skill = nullptr;   ///< blocks x pairs x 32 advisers x 2 skills
    const std::int16_t* offset = nullptr;  ///< one per adviser, above excluded_net
    const std::uint32_t* mask[4] = {};     ///< one entry per block
};

/// The versions of one kind of processor.
struct NetKernel {
    /// Writes one net value per adviser; returns the highest.
    std::int16_t (*net)(const NeedCode&, const NetBlocks&, std::int16_t* out);
    /// How many of the first `count` values (a multiple of 32) are at least `least`.
    std::size_t (*count)(const std::int16_t* net, std::size_t count, std::int16_t least);
    /// Writes the positions of these, ascending; returns how many.
    std::size_t (*find)(const std::int16_t* net, std::size_t count, std::int16_t least,
                        std::uint32_t* out);
};

[[nodiscard]] inline std::uint32_t mask_of(const NetBlocks& in, std::size_t b) {
    return in.mask[0][b] & in.mask[1][b] & in.mask[2][b] & in.mask[3][b];
}

// ---- for any processor ----

inline std::int16_t net_plain(const NeedCode& firm, const NetBlocks& in, std::int16_t* out) {
    std::int16_t highest = excluded_net;
    for (std::size_t b = 0; b < in.blocks; ++b) {
        int sum[block_advisers] = {};
        for (std::size_t p = 0; p < firm.pairs; ++p) {
            const std::uint8_t* row = in.skill + (b * firm.pairs + p) * 2 * block_advisers;
            const int n0 = firm.need[p] & 0xff, n1 = firm.need[p] >> 8;
            const int w0 = firm.weight[p] & 0xff, w1 = firm.weight[p] >> 8;
            for (std::size_t a = 0; a < block_advisers; ++a) {
                sum[a] +=
                    w0 * std::min<int>(n0, row[2 * a]) + w1 * std::min<int>(n1, row[2 * a + 1]);
            }
        }
        const std::uint32_t mask = mask_of(in, b);
        for (std::size_t a = 0; a < block_advisers; ++a) {
            const int covered = (((sum[a] << firm.shift) * firm.scale >> 14) + 1) >> 1;
            const int net = std::min(32'767, in.offset[b * block_advisers + a] + covered);
            const auto value =
                (mask >> a & 1U) != 0 ? static_cast<std::int16_t>(net) : excluded_net;
            out[b * block_advisers + a] = value;
            highest = std::max(highest, value);
        }
    }
    return highest;
}

inline std::size_t count_plain(const std::int16_t* net, std::size_t count, std::int16_t least) {
    std::size_t found = 0;
    for (std::size_t a = 0; a < count; ++a) found += net[a] >= least ? 1 : 0;
    return found;
}

inline std::size_t find_plain(const std::int16_t* net, std::size_t count, std::int16_t least,
                              std::uint32_t* out) {
    std::size_t found = 0;
    for (std::size_t a = 0; a < count; ++a) {
        if (net[a] >= least) out[found++] = static_cast<std::uint32_t>(a);
    }
    return found;
}

// ---- AVX2 ----

#ifdef LIBMATCH_NET_BLOCK_AVX2

LIBMATCH_NET_BLOCK_AVX2 inline __m256i load_avx2(const void* at) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(at));
}

/// The highest of 16 values: the least of these turned round, as unsigned numbers.
LIBMATCH_NET_BLOCK_AVX2 inline std::int16_t highest_avx2(__m256i lanes) {
    const __m128i half =
        _mm_max_epi16(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    const __m128i turned = _mm_xor_si128(half, _mm_set1_epi16(0x7fff));
    const auto least = static_cast<std::uint16_t>(_mm_extract_epi16(_mm_minpos_epu16(turned), 0));
    return static_cast<std::int16_t>(least ^ 0x7fff);
}

LIBMATCH_NET_BLOCK_AVX2 inline std::int16_t net_avx2(const NeedCode& firm, const NetBlocks& in,
                                                     std::int16_t* out) {
    const __m256i bit = _mm256_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1'024, 2'048,
                                          4'096, 8'192, 16'384, excluded_net);
    const __m256i never = _mm256_set1_epi16(excluded_net);
    const __m256i scale = _mm256_set1_epi16(firm.scale);
    const __m128i shift = _mm_cvtsi32_si128(firm.shift);
    __m256i highest = never;
    const std::uint8_t* row = in.skill;
    for (std::size_t b = 0; b < in.blocks; ++b) {
        const std::uint32_t mask = mask_of(in, b);
        std::int16_t* to = out + b * block_advisers;
        if (mask == 0) {
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), never);
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 16), never);
            row += firm.pairs * 2 * block_advisers;
            continue;
        }
        __m256i low = _mm256_setzero_si256(), high = low;
        for (std::size_t p = 0; p < firm.pairs; ++p, row += 2 * block_advisers) {
            const __m256i need = _mm256_set1_epi16(static_cast<std::int16_t>(firm.need[p]));
            const __m256i weight = _mm256_set1_epi16(static_cast<std::int16_t>(firm.weight[p]));
            low = _mm256_add_epi16(
                low, _mm256_maddubs_epi16(_mm256_min_epu8(load_avx2(row), need), weight));
            high = _mm256_add_epi16(
                high, _mm256_maddubs_epi16(_mm256_min_epu8(load_avx2(row + 32), need), weight));
        }
        const auto finish = [&](__m256i sum, const std::int16_t* offset, std::uint32_t here)
            __attribute__((target("avx2,popcnt,bmi"), always_inline)) {
            const __m256i covered = _mm256_mulhrs_epi16(_mm256_sll_epi16(sum, shift), scale);
            const __m256i net = _mm256_adds_epi16(covered, load_avx2(offset));
            const __m256i bits =
                _mm256_and_si256(_mm256_set1_epi16(static_cast<std::int16_t>(here & 0xffffU)), bit);
            return _mm256_blendv_epi8(never, net, _mm256_cmpeq_epi16(bits, bit));
        };
        const std::int16_t* offset = in.offset + b * block_advisers;
        low = finish(low, offset, mask);
        high = finish(high, offset + 16, mask >> 16);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), low);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 16), high);
        highest = _mm256_max_epi16(highest, _mm256_max_epi16(low, high));
    }
    return highest_avx2(highest);
}

LIBMATCH_NET_BLOCK_AVX2 inline std::size_t count_avx2(const std::int16_t* net, std::size_t count,
                                                      std::int16_t least) {
    if (least == excluded_net) return count;
    const __m256i below = _mm256_set1_epi16(static_cast<std::int16_t>(least - 1));
    const __m256i one = _mm256_set1_epi16(1);
    std::size_t found = 0;
    constexpr std::size_t lap = 16 * 30'000;  // a counter of 16 bits holds as many
    for (std::size_t begin = 0; begin < count; begin += lap) {
        __m256i sum = _mm256_setzero_si256();
        for (std::size_t a = begin; a < std::min(count, begin + lap); a += 16)
            sum = _mm256_sub_epi16(sum, _mm256_cmpgt_epi16(load_avx2(net + a), below));
        alignas(32) std::int32_t parts[8];
        _mm256_store_si256(reinterpret_cast<__m256i*>(parts), _mm256_madd_epi16(sum, one));
        for (const std::int32_t part : parts) found += static_cast<std::size_t>(part);
    }
    return found;
}

LIBMATCH_NET_BLOCK_AVX2 inline std::size_t find_avx2(const std::int16_t* net, std::size_t count,
                                                     std::int16_t least, std::uint32_t* out) {
    if (least == excluded_net) return find_plain(net, count, least, out);
    const __m256i below = _mm256_set1_epi16(static_cast<std::int16_t>(least - 1));
    std::size_t found = 0;
    for (std::size_t a = 0; a < count; a += 32) {
        const __m256i low = _mm256_cmpgt_epi16(load_avx2(net + a), below);
        const __m256i high = _mm256_cmpgt_epi16(load_avx2(net + a + 16), below);
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
        auto bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(packed));
        for (; bits != 0; bits &= bits - 1)
            out[found++] =
                static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(std::countr_zero(bits));
    }
    return found;
}

// ---- AVX-512: a block is one register ----

/// `count` blocks from `b` on, side by side so that needs and weights are spread once for all.
template <std::size_t count>
LIBMATCH_NET_BLOCK_AVX512 inline __m512i net_blocks_avx512(const NeedCode& firm,
                                                           const NetBlocks& in, std::size_t b,
                                                           std::int16_t* out, __m512i highest) {
    const __m512i never = _mm512_set1_epi16(excluded_net);
    const std::size_t stride = firm.pairs * 2 * block_advisers;
    const std::uint8_t* row = in.skill + b * stride;
    __m512i sum[count];
    for (std::size_t k = 0; k < count; ++k) sum[k] = _mm512_setzero_si512();
    for (std::size_t p = 0; p < firm.pairs; ++p, row += 2 * block_advisers) {
        const __m512i need = _mm512_set1_epi16(static_cast<std::int16_t>(firm.need[p]));
        const __m512i weight = _mm512_set1_epi16(static_cast<std::int16_t>(firm.weight[p]));
        for (std::size_t k = 0; k < count; ++k) {
            const __m512i met = _mm512_min_epu8(_mm512_loadu_si512(row + k * stride), need);
            sum[k] = _mm512_add_epi16(sum[k], _mm512_maddubs_epi16(met, weight));
        }
    }
    const __m512i scale = _mm512_set1_epi16(firm.scale);
    const __m128i shift = _mm_cvtsi32_si128(firm.shift);
    for (std::size_t k = 0; k < count; ++k) {
        const std::size_t at = (b + k) * block_advisers;
        const __m512i covered = _mm512_mulhrs_epi16(_mm512_sll_epi16(sum[k], shift), scale);
        const __m512i net = _mm512_mask_adds_epi16(never, mask_of(in, b + k), covered,
                                                   _mm512_loadu_si512(in.offset + at));
        _mm512_storeu_si512(out + at, net);
        highest = _mm512_max_epi16(highest, net);
    }
    return highest;
}

LIBMATCH_NET_BLOCK_AVX512 inline std::int16_t net_avx512(const NeedCode& firm, const NetBlocks& in,
                                                         std::int16_t* out) {
    constexpr std::size_t several = 4;
    __m512i highest = _mm512_set1_epi16(excluded_net);
    std::size_t b = 0;
    for (; b + several <= in.blocks; b += several)
        highest = net_blocks_avx512<several>(firm, in, b, out, highest);
    for (; b < in.blocks; ++b) highest = net_blocks_avx512<1>(firm, in, b, out, highest);
    alignas(64) std::int16_t lanes[block_advisers];
    _mm512_store_si512(lanes, highest);
    return highest_avx2(_mm256_max_epi16(load_avx2(lanes), load_avx2(lanes + 16)));
}

LIBMATCH_NET_BLOCK_AVX512 inline std::size_t count_avx512(const std::int16_t* net,
                                                          std::size_t count, std::int16_t least) {
    const __m512i from = _mm512_set1_epi16(least);
    std::size_t found = 0;
    for (std::size_t a = 0; a < count; a += block_advisers) {
        const std::uint32_t bits = _mm512_cmpge_epi16_mask(_mm512_loadu_si512(net + a), from);
        found += static_cast<std::size_t>(std::popcount(bits));
    }
    return found;
}

LIBMATCH_NET_BLOCK_AVX512 inline std::size_t find_avx512(const std::int16_t* net, std::size_t count,
                                                         std::int16_t least, std::uint32_t* out) {
    const __m512i from = _mm512_set1_epi16(least);
    const __m512i each = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    std::size_t found = 0;
    for (std::size_t a = 0; a < count; a += block_advisers) {
        const std::uint32_t bits = _mm512_cmpge_epi16_mask(_mm512_loadu_si512(net + a), from);
        // At most `a` were found before, so 16 more fit whether they count or not.
        for (std::uint32_t half = 0; bits != 0 && half < 2; ++half) {
            const auto here = static_cast<__mmask16>(bits >> (16 * half));
            const __m512i at = _mm512_add_epi32(
                each, _mm512_set1_epi32(static_cast<int>(a) + static_cast<int>(16 * half)));
            _mm512_storeu_si512(out + found, _mm512_maskz_compress_epi32(here, at));
            found += static_cast<std::size_t>(std::popcount(static_cast<std::uint32_t>(here)));
        }
    }
    return found;
}

#endif

/// The versions for this processor, or those that it had without its widest registers.
[[nodiscard]] inline NetKernel net_kernel(bool widest = true) {
#ifdef LIBMATCH_NET_BLOCK_AVX2
    if (widest && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512f"))
        return {&net_avx512, &count_avx512, &find_avx512};
    if (__builtin_cpu_supports("avx2")) return {&net_avx2, &count_avx2, &find_avx2};
#endif
    return {&net_plain, &count_plain, &find_plain};
}

}  // namespace libmatch::detail
