// Objective and bound of an assignment at given prices, over all pairs of a source, neither of them
// better than the truth.
//
//   bound = sum_j (C_j p_j^+ - L_j p_j^-) + sum_i (best choice of firm i at u_ij - p_j)
//
// The best choice of a firm holds its pins, and between min_demand and demand advisers, or nobody
// at the firm's reservation. The inner
// best is taken over all eligible pairs. Method: sums and products are exact (core/exact_sum.hpp)
// and rounded once, the objective down and the bound up. Net values are compared as rounded
// differences; rounding keeps their order, so the k-th best true one is within half a unit in the
// last place of the k-th best rounded one, and that is added. Where this could be all that the gap
// consists of, the pairs that tie are compared exactly. Lists that hold at the prices, such as an
// auction ends with, know a firm's best pair where it reaches their outside value; only the other
// firms are asked about. Complexity: one retrieval of the d best pairs per firm, two where the gap
// is nearly 0; O(list) for a firm whose list knows. Deterministic for any threads, and for any
// order of firms and advisers. Source: docs/model.md, Certificates without luck.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {

/// Lists whose outside values hold at the prices of a proof.
struct KnownLists {
    const CandidateLists* lists = nullptr;  ///< none: nothing is known
    bool rough = false;                     ///< see PairSource::best_roughly
};

namespace detail {

inline std::vector<FirmId> all_firms(std::size_t n) {
    std::vector<FirmId> who;
    who.reserve(n);
    for (std::size_t i = 0; i < n; ++i) who.emplace_back(i);
    return who;
}

/// Pins of each firm: begin offsets into the sorted list of pins.
inline std::vector<std::size_t> pin_offsets(const std::vector<Pair>& pins, std::size_t n) {
    std::vector<std::size_t> begin(n + 1, 0);
    for (const Pair& p : pins) ++begin[p.firm + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    return begin;
}

}  // namespace detail

[[nodiscard]] inline std::vector<double> utilities_of(const PairSource& source,
                                                      std::span<const Pair> pairs,
                                                      unsigned threads) {
    std::vector<double> value(pairs.size());
    parallel_chunks(pairs.size(), 16'384, threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k)
            value[k] = source.utility(pairs[k].firm, pairs[k].adviser);
    });
    return value;
}

/// The largest double that is not above the sum.
[[nodiscard]] inline double sum_down(std::span<const double> values) {
    ExactSum sum;
    for (const double v : values) sum.add(v);
    return sum.down();
}

/// Sum of utilities of the pairs: the largest double that is not above it.
[[nodiscard]] inline double objective_of(const PairSource& source, std::span<const Pair> pairs,
                                         unsigned threads) {
    return sum_down(utilities_of(source, pairs, threads));
}

/// A dual value, and how far it may lie above the true one because ties were not looked at.
struct DualValue {
    double bound = 0;  ///< at least the true value
    double slack = 0;
};

namespace detail {

class DualProof {
  public:
    DualProof(const PairSource& source, const AssignmentLimits& limits,
              std::span<const double> prices, unsigned threads, const Control& control)
        : source_(source),
          limits_(limits),
          prices_(prices),
          threads_(threads),
          control_(control),
          n_(source.firms()),
          pin_begin_(pin_offsets(limits.pinned, n_)),
          lists_(n_, width()) {}

    /// See prove.
    DualValue rounded(std::span<const Pair> held, std::span<const double> value, KnownLists known) {
        if (lists_.width() == 1) {
            held_value_.assign(n_, 0);
            held_.assign(n_, AdviserId());
            for (std::size_t k = 0; k < held.size(); ++k) {
                const Pair& p = held[k];
                lists_.slots(p.firm)[0] = {p.adviser, static_cast<float>(value[k])};
                lists_.finish(p.firm, 1, HUGE_VAL);
                held_[p.firm] = p.adviser;
                held_value_[p.firm] = value[k];
            }
        }
        // A firm that may stay out needs no pair for less than that is worth.
        const bool forced = std::any_of(limits_.min_demand.begin(), limits_.min_demand.end(),
                                        [](auto d) { return d > 0; });
        double least = forced ? -HUGE_VAL : 0;
        for (const double r : limits_.reservation) least = std::min(least, r);
        const bool lists_tell =
            known.lists != nullptr && lists_.width() == 1 && !forced && least >= 0;
        source_.best(lists_tell ? not_told(known) : all_firms(n_), prices_, lists_, threads_,
                     control_, least);

        constexpr std::size_t chunk = 65'536;
        struct Part {
            ExactSum sum, slack;
        };
        std::vector<Part> parts((n_ + chunk - 1) / chunk);
        parallel_chunks(n_, chunk, threads_, [&](std::size_t begin, std::size_t end) {
            Part& part = parts[begin / chunk];
            std::vector<TwoDoubles> nets;
            for (std::size_t i = begin; i < end; ++i) {
                const FirmId firm(i);
                add_pins(firm, part.sum);
                nets_of_list(firm, nets);
                take_best(firm, nets, [&](TwoDoubles net) {
                    part.sum.add(net.high);
                    part.slack.add_product(std::fabs(net.high), half_last_place);
                });
            }
        });
        ExactSum bound, slack;
        add_seats(bound);
        for (const Part& part : parts) {
            bound.add(part.sum);
            slack.add(part.slack);
        }
        bound.add(slack);
        return {bound.up(), slack.up()};
    }

    /// The same from the lists that `rounded` left, with the true best among pairs that tie.
    double exact() {
        ExactSum bound;
        add_seats(bound);
        std::vector<TwoDoubles> nets;
        for (std::size_t i = 0; i < n_; ++i) {
            const FirmId firm(i);
            add_pins(firm, bound);
            nets_of_ties(firm, nets);
            take_best(firm, nets, [&](TwoDoubles net) { bound.add(net); });
        }
        return bound.up();
    }

  private:
    /// A rounded difference is off by at most this part of its size.
    static constexpr double half_last_place = 0x1p-53;
    /// Pairs that are looked at together; a firm may tie with all advisers.
    static constexpr std::size_t most_pairs = 4'000'000;

    [[nodiscard]] std::size_t width() const {
        return std::min<std::size_t>(static_cast<std::size_t>(limits_.most_demand()),
                                     std::max<std::size_t>(source_.advisers(), 1));
    }
    /// Takes each firm's best pair from lists that are true at the prices; returns the firms of
    /// which they do not tell it.
    std::vector<FirmId> not_told(KnownLists known) {
        constexpr std::size_t chunk = 4'096;
        double most = 0;
        for (const double p : prices_) most = std::max(most, std::fabs(p));
        std::vector<std::vector<FirmId>> parts((n_ + chunk - 1) / chunk);
        parallel_chunks(n_, chunk, threads_, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end && !control_.stop(); ++i) {
                if (!take_listed(FirmId(i), known, most)) parts[begin / chunk].emplace_back(i);
            }
        });
        std::vector<FirmId> rest;
        for (const auto& part : parts) rest.insert(rest.end(), part.begin(), part.end());
        return rest;
    }
    /// False where an unlisted pair may be better. `most`: no price is larger in size.
    bool take_listed(FirmId i, KnownLists known, double most) {
        if (!pins(i).empty()) return false;
        const double error = known.rough ? source_.rough_error_of(i) : 0;
        const double outside = known.lists->outside(i) + error;
        if (!(outside < HUGE_VAL)) return false;
        AdviserId best = held_[i];
        double value = held_value_[i];
        double net = best.known() ? value - prices_[best] : -HUGE_VAL;
        for (const Candidate& c : known.lists->of(i)) {
            // The list rounded it to single precision.
            const auto about = static_cast<double>(c.value);
            const double above = about + std::fabs(about) * 0x1p-23 + 0x1p-149 + error;
            if (c.adviser == best || above - prices_[c.adviser] < net) continue;
            const double true_value = source_.utility(i, c.adviser);
            const double here = true_value - prices_[c.adviser];
            if (here < net || (here == net && best < c.adviser)) continue;
            best = c.adviser;
            value = true_value;
            net = here;
        }
        // Outside values follow moves of prices by sums, which round.
        if (outside > -HUGE_VAL &&
            std::max(net, 0.0) < outside + 1e-12 * (std::fabs(outside) + most))
            return false;
        held_[i] = best;
        held_value_[i] = value;
        lists_.slots(i)[0] = {best, static_cast<float>(value)};
        lists_.finish(i, net >= 0 ? 1 : 0, outside);
        return true;
    }
    [[nodiscard]] std::span<const Pair> pins(FirmId i) const {
        return std::span(limits_.pinned).subspan(pin_begin_[i], pin_begin_[i + 1] - pin_begin_[i]);
    }
    [[nodiscard]] bool is_pinned(FirmId i, AdviserId j) const {
        const auto own = pins(i);
        return std::any_of(own.begin(), own.end(), [&](const Pair& p) { return p.adviser == j; });
    }

    void add_seats(ExactSum& sum) const {
        for (std::size_t j = 0; j < source_.advisers(); ++j) {
            const double p = prices_[j];
            sum.add_multiple(p, p > 0 ? limits_.capacity[j] : limits_.min_load_of(AdviserId(j)));
        }
    }
    void add_pins(FirmId i, ExactSum& sum) const {
        for (const Pair& p : pins(i)) {
            sum.add(source_.utility(p.firm, p.adviser));
            sum.add(-prices_[p.adviser]);
        }
    }
    void nets_of_list(FirmId i, std::vector<TwoDoubles>& nets) const {
        nets.clear();
        for (const Candidate& c : lists_.of(i)) {
            if (is_pinned(i, c.adviser)) continue;
            const bool known = lists_.width() == 1 && c.adviser == held_[i];
            const double value = known ? held_value_[i] : source_.utility(i, c.adviser);
            nets.push_back({value - prices_[c.adviser], 0});
        }
    }
    /// Every pair whose rounded net value is at least the last that the firm may take.
    void nets_of_ties(FirmId i, std::vector<TwoDoubles>& nets) {
        if (i >= ties_end_) gather_ties(i);
        nets.clear();
        for (; at_ < ties_.size() && ties_[at_].firm == i; ++at_) {
            const ValuedPair& p = ties_[at_];
            if (!is_pinned(i, p.adviser))
                nets.push_back(exact_difference(p.value, prices_[p.adviser]));
        }
    }
    void gather_ties(FirmId first) {
        const std::size_t block =
            std::max<std::size_t>(1, most_pairs / std::max<std::size_t>(source_.advisers(), 1));
        ties_end_ = std::min(n_, first + block);
        at_ = 0;
        threshold_.resize(n_, HUGE_VAL);
        std::vector<FirmId> who;
        for (std::size_t i = first; i < ties_end_; ++i) {
            const FirmId firm(i);
            who.push_back(firm);
            const auto list = lists_.of(firm);
            const auto wanted = static_cast<std::size_t>(limits_.demand_of(firm));
            if (wanted == 0) continue;
            const bool must = limits_.min_demand_of(firm) > 0;
            threshold_[i] = must ? -HUGE_VAL : limits_.reservation_of(firm);
            if (list.size() < wanted) continue;
            const AdviserId last = list[wanted - 1].adviser;
            threshold_[i] = std::max(threshold_[i], source_.utility(firm, last) - prices_[last]);
        }
        ties_ = source_.above(who, prices_, threshold_, threads_, control_);
    }

    /// The best of these that the firm takes beside its pins.
    template <class Take>
    void take_best(FirmId i, std::vector<TwoDoubles>& nets, const Take& take) const {
        const auto kept = static_cast<std::int32_t>(pins(i).size());
        const auto most = static_cast<std::size_t>(std::max(0, limits_.demand_of(i) - kept));
        const auto least = static_cast<std::size_t>(std::max(0, limits_.min_demand_of(i) - kept));
        const std::size_t looked_at = std::min(most, nets.size());
        const TwoDoubles alone{kept == 0 ? limits_.reservation_of(i) : 0, 0};
        std::partial_sort(nets.begin(), nets.begin() + static_cast<std::ptrdiff_t>(looked_at),
                          nets.end(), [](TwoDoubles a, TwoDoubles b) { return b < a; });
        for (std::size_t k = 0; k < looked_at; ++k) {
            if (k >= least && nets[k] < alone) {
                if (k == 0 && kept == 0) take(alone);
                return;
            }
            take(nets[k]);
        }
        if (looked_at == 0 && kept == 0) take(alone);
    }

    const PairSource& source_;
    const AssignmentLimits& limits_;
    std::span<const double> prices_;
    unsigned threads_;
    const Control& control_;
    std::size_t n_;
    std::vector<std::size_t> pin_begin_;
    CandidateLists lists_;
    std::vector<AdviserId> held_;  ///< of firms that hold one pair at most
    std::vector<double> held_value_;
    std::vector<ValuedPair> ties_;  ///< of the firms up to ties_end_
    std::vector<double> threshold_;
    std::size_t at_ = 0, ties_end_ = 0;
};

}  // namespace detail

namespace detail {

/// `value`: utilities of the pairs held.
[[nodiscard]] inline double dual_bound(const PairSource& source, const AssignmentLimits& limits,
                                       std::span<const double> prices, std::span<const Pair> held,
                                       std::span<const double> value, double objective,
                                       unsigned threads, const Control& control,
                                       KnownLists known = {}) {
    DualProof proof(source, limits, prices, threads, control);
    const DualValue dual = proof.rounded(held, value, known);
    if (control.stop() || dual.bound - objective > 2 * dual.slack) return dual.bound;
    const double exact = proof.exact();
    return control.stop() ? dual.bound : std::min(dual.bound, exact);
}

}  // namespace detail

/// The least double that is not below the dual value at the prices; where that closes the gap to
/// `objective` up to rounding, with all ties resolved. `held`: pairs of an answer; with good prices
/// they are close to each firm's best, which saves time. Means nothing when control stops it.
[[nodiscard]] inline double bound_of(const PairSource& source, const AssignmentLimits& limits,
                                     std::span<const double> prices, std::span<const Pair> held,
                                     double objective, unsigned threads, const Control& control) {
    return detail::dual_bound(source, limits, prices, held, utilities_of(source, held, threads),
                              objective, threads, control);
}

struct ObjectiveAndBound {
    double objective = 0, bound = 0;
};
/// Both at once, which looks up the utilities of the pairs once. The bound means nothing when
/// control stops it. `known`: saves time and changes no bit.
[[nodiscard]] inline ObjectiveAndBound prove(const PairSource& source,
                                             const AssignmentLimits& limits,
                                             std::span<const double> prices,
                                             std::span<const Pair> pairs, unsigned threads,
                                             const Control& control, KnownLists known = {}) {
    const auto value = utilities_of(source, pairs, threads);
    const double objective = sum_down(value);
    return {objective, detail::dual_bound(source, limits, prices, pairs, value, objective, threads,
                                          control, known)};
}

}  // namespace libmatch
