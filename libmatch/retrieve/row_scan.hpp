// A scan of one row of a dense matrix for the pairs with the highest net values.
//
// Problem: of m net values u_j - p_j in a row, few matter: those at or above a floor, or the K
// best. Method: one pass finds the maximum of each block of 32, with vector instructions; the K-th
// largest of these maxima is a floor that at least K values reach, so only blocks that reach it are
// looked at again. Where the processor has AVX2, the pass uses it; the answer is the same bits, as
// every net value is one subtraction. Complexity: O(m) for the pass, O(m / 32) for the floor, and
// O(32) per block that reaches it. Deterministic. Source of the floor: the threshold idea of R.
// Fagin, A. Lotem, M. Naor, "Optimal aggregation algorithms for middleware", JCSS 66, 2003.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>

#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/core/types.hpp>
#include <libmatch/retrieve/source.hpp>

#if defined(__GNUC__) && defined(__x86_64__)
#define LIBMATCH_HAS_AVX2_VERSION 1
#endif

namespace libmatch::detail {

/// Numbers advisers from another one on, so that ties fall elsewhere.
template <class Keep>
class FromAdviser {
  public:
    FromAdviser(Keep& keep, std::size_t first, std::size_t advisers)
        : keep_(keep), first_(first), advisers_(advisers) {}
    [[nodiscard]] std::size_t wanted() const { return keep_.wanted(); }
    [[nodiscard]] double floor() const { return keep_.floor(); }
    void skipped() { keep_.skipped(); }
    void offer(AdviserId j, double value, double net) {
        keep_.offer(AdviserId(j < first_ ? j + advisers_ - first_ : j - first_), value, net);
    }
    [[nodiscard]] AdviserId true_number(AdviserId j) const {
        return AdviserId((j + first_) % advisers_);
    }

  private:
    Keep& keep_;
    std::size_t first_, advisers_;
};

/// Lists as best_by_scan makes them, but of equal pairs each firm lists those of other advisers.
template <class Scan>
void spread_by_scan(std::span<const FirmId> who, std::span<const double> prices,
                    CandidateLists& lists, std::size_t advisers, unsigned threads,
                    const Control& control, double least, const Scan& scan) {
    constexpr std::size_t chunk = 64, stride = 7919;  // a prime: neighbours begin far apart
    parallel_chunks(who.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
        KeepBest keep(lists.width());
        for (std::size_t k = begin; k < end && !control.stop(); ++k) {
            keep.clear(least);
            keep.promise(least_listed(lists, who[k], prices));
            FromAdviser from(keep, who[k] * stride % advisers, advisers);
            scan(who[k], from);
            keep.write(who[k], lists);
            for (Candidate& c : lists.slots(who[k]).first(lists.of(who[k]).size()))
                c.adviser = from.true_number(c.adviser);
        }
    });
}

struct RowScan {
    static constexpr std::size_t block = 32;
    static constexpr std::size_t blocks = 256;  ///< in one segment of a row

    /// Offers every pair of the row that may reach keep.floor() or be one of the keep.wanted()
    /// best.
    template <class Keep>
    static void run(const double* row, const double* prices, std::size_t columns, Keep& keep) {
        std::array<double, blocks> maxima, sorted;
        for (std::size_t first = 0; first < columns; first += block * blocks) {
            const std::size_t end = std::min(columns, first + block * blocks);
            const std::size_t whole = (end - first) / block;
            find_maxima(row + first, prices + first, whole, maxima.data());
            double floor = keep.floor();
            const std::size_t wanted = keep.wanted();
            if (wanted > 0 && whole >= wanted) {
                std::copy_n(maxima.begin(), whole, sorted.begin());
                const auto kth = sorted.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
                std::nth_element(sorted.begin(), kth,
                                 sorted.begin() + static_cast<std::ptrdiff_t>(whole),
                                 std::greater<>());
                floor = std::max(floor, *kth);
            }
            for (std::size_t b = 0; b < whole; ++b) {
                const std::size_t at = first + b * block;
                if (maxima[b] >= floor) {
                    offer(row, prices, at, at + block, floor, keep);
                    floor = std::max(floor, keep.floor());
                } else if (maxima[b] > -HUGE_VAL) {
                    keep.skipped();
                }
            }
            offer(row, prices, first + whole * block, end, floor, keep);
        }
    }

  private:
    template <class Keep>
    static void offer(const double* row, const double* prices, std::size_t begin, std::size_t end,
                      double floor, Keep& keep) {
        for (std::size_t j = begin; j < end; ++j) {
            if (row[j] == -HUGE_VAL) continue;
            const double net = row[j] - prices[j];
            if (net >= floor) {
                keep.offer(AdviserId(j), row[j], net);
            } else {
                keep.skipped();
            }
        }
    }

    static void find_maxima(const double* row, const double* prices, std::size_t count,
                            double* out) {
#if defined(LIBMATCH_HAS_AVX2_VERSION)
        static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
        if (has_avx2) return find_maxima_avx2(row, prices, count, out);
#endif
        find_maxima_here(row, prices, count, out);
    }

#if defined(LIBMATCH_HAS_AVX2_VERSION)
    __attribute__((target("avx2"))) static void find_maxima_avx2(const double* row,
                                                                 const double* prices,
                                                                 std::size_t count, double* out) {
        using Four = double __attribute__((vector_size(32), aligned(8), may_alias));
        for (std::size_t b = 0; b < count; ++b) {
            const auto* u = reinterpret_cast<const Four*>(row + b * block);
            const auto* p = reinterpret_cast<const Four*>(prices + b * block);
            Four one = u[0] - p[0], two = u[1] - p[1];
            for (std::size_t k = 2; k < block / 4; k += 2) {
                const Four x = u[k] - p[k], y = u[k + 1] - p[k + 1];
                one = x > one ? x : one;
                two = y > two ? y : two;
            }
            one = two > one ? two : one;
            out[b] = std::max(std::max(one[0], one[1]), std::max(one[2], one[3]));
        }
    }
#endif
    static void find_maxima_here(const double* row, const double* prices, std::size_t count,
                                 double* out) {
        constexpr std::size_t lanes = 4;
        for (std::size_t b = 0; b < count; ++b) {
            const double *u = row + b * block, *p = prices + b * block;
            std::array<double, lanes> most;
            for (std::size_t l = 0; l < lanes; ++l) most[l] = u[l] - p[l];
            for (std::size_t k = lanes; k < block; k += lanes) {
                for (std::size_t l = 0; l < lanes; ++l) {
                    const double net = u[k + l] - p[k + l];
                    most[l] = net > most[l] ? net : most[l];
                }
            }
            out[b] = std::max(std::max(most[0], most[1]), std::max(most[2], most[3]));
        }
    }
};

}  // namespace libmatch::detail
