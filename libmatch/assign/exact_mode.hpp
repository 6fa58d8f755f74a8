// The exact mode: from a good start to a gap of 0 in whole units, proven over all pairs.
//
// Problem: the assignment problem with utilities rounded to multiples of a unit. Method: at the
// prices of the start, the pairs whose net value comes near the firm's choice are gathered from the
// source; a firm for which that is its choice alone stays as it is, the others form a small problem
// that is solved exactly (exact.hpp), as long as no price moves by more than half the distance
// within which pairs were gathered: then no other pair can beat its firm's choice, which is checked
// all the same, from how far prices fell. Where prices move farther, the next turn begins at these
// prices and gathers four times as far, so it ends with all pairs at the latest. Complexity: per
// turn one question to the source about all firms, and the small problem; a few turns at most in
// practice. Memory O(n + m + gathered pairs). Preconditions: limits without faults, pins eligible
// and within capacity and demand. Deterministic for any number of threads. Source: reduced-cost
// fixing and pricing out as in G. L. Nemhauser, L. A. Wolsey, "Integer and Combinatorial
// Optimization", 1988, II.5.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/exact.hpp>
#include <libmatch/assign/units.hpp>
#include <libmatch/core/exact_sum.hpp>

namespace libmatch {

/// An answer in whole units that the search begins with, and ends with.
struct WholeAnswer {
    std::vector<Pair> pairs;           ///< sorted
    std::vector<std::int64_t> prices;  ///< units
};

class ExactMode {
  public:
    enum class Outcome { optimal, infeasible, stopped };

    ExactMode(const PairSource& source, const AssignmentLimits& limits, const WholeUnits& units,
              unsigned threads)
        : source_(source),
          limits_(limits),
          unit_(units.unit()),
          units_(units),
          threads_(threads),
          n_(source.firms()),
          m_(source.advisers()),
          pin_begin_(detail::pin_offsets(limits.pinned, n_)) {}

    /// `reach`: how far under a firm's choice a pair may lie and still be gathered in the first
    /// turn, units.
    Outcome run(WholeAnswer& answer, std::int64_t reach, Control& control) {
        prices_ = answer.prices;
        for (std::size_t j = 0; j < m_; ++j) {
            if (limits_.min_load_of(AdviserId(j)) == 0)
                prices_[j] = std::max<std::int64_t>(prices_[j], 0);
        }
        set_choices(answer.pairs);
        reach = std::max<std::int64_t>(reach, 2);
        std::size_t gathered_before = 0;
        while (true) {
            gather(reach, control);
            if (control.stop()) return Outcome::stopped;
            ExactAssignment engine(small_, prices_);
            const auto outcome =
                engine.run(gathered_all_ ? ExactAssignment::unlimited : reach / 2, control);
            if (outcome == ExactAssignment::Outcome::stopped) return Outcome::stopped;
            if (outcome == ExactAssignment::Outcome::stuck) return Outcome::infeasible;
            const std::vector<std::int64_t> before = prices_;
            prices_ = engine.prices();
            take(engine);
            const bool ended = outcome == ExactAssignment::Outcome::optimal;
            const bool done = ended && proven(before, control);
            if (control.stop() && !done) return Outcome::stopped;
            if (done) break;
            // What does not grow any more is all there is.
            const std::size_t gathered = small_.choices.size();
            reach = reach > far || gathered == gathered_before ? everything : reach * growth;
            gathered_before = gathered;
        }
        answer.prices = prices_;
        answer.pairs.clear();
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t e = chosen_begin_[i]; e < chosen_begin_[i + 1]; ++e)
                answer.pairs.push_back({FirmId(i), chosen_[e].adviser});
        }
        return Outcome::optimal;
    }

    /// Value of the answer, in units: exact unless it exceeds 2^53, and then rounded down.
    [[nodiscard]] double objective() const {
        ExactSum sum;
        for (const Chosen& c : chosen_) sum.add(static_cast<double>(c.value));
        return sum.down();
    }
    /// The bound at the prices when no pair objects: every firm's best choice is the one it has.
    /// At least objective(); equal where no unit is lost. Prices stay below 2^53.
    [[nodiscard]] double bound() const {
        ExactSum sum;
        for (std::size_t j = 0; j < m_; ++j) {
            sum.add_multiple(
                static_cast<double>(prices_[j]),
                prices_[j] > 0 ? limits_.capacity[j] : limits_.min_load_of(AdviserId(j)));
        }
        for (const Chosen& c : chosen_) {
            sum.add(static_cast<double>(c.value));
            sum.add(-static_cast<double>(prices_[c.adviser]));
        }
        return sum.down();
    }

  private:
    /// A pair of the answer.
    struct Chosen {
        AdviserId adviser;
        std::int64_t value = 0;
    };
    static constexpr std::int64_t growth = 4;  ///< of the reach from turn to turn
    static constexpr std::int64_t far = std::int64_t{1} << 50;
    static constexpr std::int64_t everything = std::numeric_limits<std::int64_t>::max();
    static constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

    // ---- numbers ----

    [[nodiscard]] std::int64_t whole(FirmId i, AdviserId j, double value) const {
        return units_.of(i, j, value);
    }
    [[nodiscard]] std::vector<Arc> whole(const std::vector<ValuedPair>& pairs) const {
        std::vector<Arc> arcs;
        arcs.reserve(pairs.size());
        for (const ValuedPair& p : pairs)
            arcs.push_back({p.firm, p.adviser, whole(p.firm, p.adviser, p.value)});
        return arcs;
    }
    [[nodiscard]] std::vector<ValuedPair> above(const std::vector<FirmId>& firms,
                                                const Control& control) {
        real_prices_.resize(m_);
        for (std::size_t j = 0; j < m_; ++j)
            real_prices_[j] = static_cast<double>(prices_[j]) * unit_;
        return source_.above(firms, real_prices_, threshold_, threads_, control);
    }
    /// A threshold in reals that no pair at or above `units` misses by rounding.
    [[nodiscard]] double real(std::int64_t units) const {
        const auto x = static_cast<double>(units);
        return x * unit_ - unit_ - std::fabs(x) * unit_ * 0x1p-40;
    }

    // ---- choices ----

    void set_choices(const std::vector<Pair>& pairs) {
        chosen_begin_.assign(n_ + 1, 0);
        chosen_.clear();
        for (const Pair& p : pairs) {
            chosen_.push_back(
                {p.adviser, whole(p.firm, p.adviser, source_.utility(p.firm, p.adviser))});
            ++chosen_begin_[p.firm + 1];
        }
        std::partial_sum(chosen_begin_.begin(), chosen_begin_.end(), chosen_begin_.begin());
    }
    [[nodiscard]] std::span<const Chosen> choice(std::size_t i) const {
        return std::span(chosen_).subspan(chosen_begin_[i],
                                          chosen_begin_[i + 1] - chosen_begin_[i]);
    }
    [[nodiscard]] std::span<const Pair> pins(std::size_t i) const {
        return std::span(limits_.pinned).subspan(pin_begin_[i], pin_begin_[i + 1] - pin_begin_[i]);
    }
    [[nodiscard]] bool is_pinned(std::size_t i, AdviserId j) const {
        const auto own = pins(i);
        return std::any_of(own.begin(), own.end(), [&](const Pair& p) { return p.adviser == j; });
    }

    /// Net value that a pair must exceed to improve the firm's choice at the prices.
    [[nodiscard]] std::int64_t worst_kept(std::size_t i) const {
        const auto held = static_cast<std::int32_t>(choice(i).size());
        const FirmId firm(i);
        const auto pinned = static_cast<std::int32_t>(pins(i).size());
        if (pinned >= limits_.demand_of(firm)) return everything;
        if (held < limits_.min_demand_of(firm)) return lowest;
        std::int64_t worst = held < limits_.demand_of(firm) ? 0 : everything;
        for (const Chosen& c : choice(i)) {
            if (!is_pinned(i, c.adviser)) worst = std::min(worst, c.value - prices_[c.adviser]);
        }
        return worst;
    }
    /// True if the firm would rather let go of a pair that it holds.
    [[nodiscard]] bool regrets(std::size_t i) const {
        if (static_cast<std::int32_t>(choice(i).size()) <= limits_.min_demand_of(FirmId(i)))
            return false;
        return std::any_of(choice(i).begin(), choice(i).end(), [&](const Chosen& c) {
            return c.value < prices_[c.adviser] && !is_pinned(i, c.adviser);
        });
    }

    // ---- one turn ----

    /// Builds the small problem of the firms that have a choice within `reach`.
    void gather(std::int64_t reach, const Control& control) {
        gathered_all_ = reach == everything;
        floor_.assign(n_, lowest);
        threshold_.assign(n_, -HUGE_VAL);
        for (std::size_t i = 0; i < n_; ++i) {
            const std::int64_t worst = worst_kept(i);
            if (worst == everything) {
                floor_[i] = everything;
                threshold_[i] = HUGE_VAL;
            } else if (!gathered_all_ && worst != lowest) {
                floor_[i] = worst - reach;
                threshold_[i] = real(floor_[i]);
            }
        }
        const auto pairs = above(detail::all_firms(n_), control);
        small_ = ExactProblem{};
        small_.capacity = limits_.capacity;
        small_.min_load.assign(m_, 0);
        for (std::size_t j = 0; j < m_; ++j) small_.min_load[j] = limits_.min_load_of(AdviserId(j));
        who_.clear();
        std::size_t at = 0;
        for (std::size_t i = 0; i < n_; ++i) {
            const std::size_t first = at;
            while (at < pairs.size() && pairs[at].firm == i) ++at;
            add_firm(i, std::span(pairs).subspan(first, at - first), reach);
        }
    }

    void add_firm(std::size_t i, std::span<const ValuedPair> near, std::int64_t reach) {
        const std::size_t first = small_.choices.size();
        const FirmId firm(i);
        const auto own = choice(i);
        for (const ValuedPair& p : near) {
            const std::int64_t value = whole(firm, p.adviser, p.value);
            if (floor_[i] != lowest && value - prices_[p.adviser] < floor_[i]) continue;
            if (is_pinned(i, p.adviser)) continue;
            const bool preferred = std::any_of(
                own.begin(), own.end(), [&](const Chosen& c) { return c.adviser == p.adviser; });
            small_.choices.push_back({p.adviser, false, preferred, value});
        }
        for (const Pair& p : pins(i)) {
            small_.choices.push_back(
                {p.adviser, true, true, whole(firm, p.adviser, source_.utility(firm, p.adviser))});
        }
        if (!has_a_choice(i, std::span(small_.choices).subspan(first), reach)) {
            small_.choices.resize(first);
            for (const Chosen& c : own) {
                --small_.capacity[c.adviser];
                --small_.min_load[c.adviser];
            }
            return;
        }
        small_.begin.push_back(small_.choices.size());
        small_.demand.push_back(limits_.demand_of(firm));
        small_.min_demand.push_back(limits_.min_demand_of(firm));
        who_.push_back(static_cast<std::uint32_t>(i));
    }

    [[nodiscard]] bool has_a_choice(std::size_t i, std::span<const ExactProblem::Choice> near,
                                    std::int64_t reach) const {
        const FirmId firm(i);
        const auto held = static_cast<std::int32_t>(choice(i).size());
        if (held < limits_.min_demand_of(firm)) return true;
        if (near.size() != choice(i).size()) return true;
        if (held == limits_.min_demand_of(firm)) return false;
        // Otherwise the firm may also drop a pair that is worth little.
        return std::any_of(near.begin(), near.end(), [&](const ExactProblem::Choice& c) {
            return !c.pinned && c.value - prices_[c.adviser] <= reach;
        });
    }

    /// Choices of the firms that had one.
    void take(const ExactAssignment& engine) {
        std::vector<Chosen> chosen;
        std::vector<std::size_t> begin(n_ + 1, 0);
        chosen.reserve(chosen_.size());
        std::size_t s = 0;
        for (std::size_t i = 0; i < n_; ++i) {
            if (s < who_.size() && who_[s] == i) {
                for (std::size_t e = small_.begin[s]; e < small_.begin[s + 1]; ++e) {
                    if (engine.held(e))
                        chosen.push_back({small_.choices[e].adviser, small_.choices[e].value});
                }
                // Pins stand behind the others.
                std::sort(chosen.begin() + static_cast<std::ptrdiff_t>(begin[i]), chosen.end(),
                          [](const Chosen& a, const Chosen& b) { return a.adviser < b.adviser; });
                ++s;
            } else {
                const auto own = choice(i);
                chosen.insert(chosen.end(), own.begin(), own.end());
            }
            begin[i + 1] = chosen.size();
        }
        chosen_ = std::move(chosen);
        chosen_begin_ = std::move(begin);
    }

    /// True if no pair of the full problem objects at the prices.
    [[nodiscard]] bool proven(const std::vector<std::int64_t>& before, const Control& control) {
        std::int64_t fall = 0;
        for (std::size_t j = 0; j < m_; ++j) fall = std::max(fall, before[j] - prices_[j]);
        std::vector<FirmId> open;
        for (std::size_t i = 0; i < n_; ++i) {
            if (regrets(i)) return false;
            const std::int64_t worst = worst_kept(i);
            if (worst == everything || floor_[i] == lowest) continue;
            // A pair that was not gathered was worth less than the floor, and gained `fall` at
            // most.
            if (worst != lowest && worst >= floor_[i] - 1 + fall) continue;
            threshold_[i] = worst == lowest ? -HUGE_VAL : real(worst);
            open.emplace_back(i);
        }
        if (open.empty()) return true;
        const auto pairs = above(open, control);
        if (control.stop()) return false;
        return std::none_of(pairs.begin(), pairs.end(), [&](const ValuedPair& p) {
            const std::int64_t worth = whole(p.firm, p.adviser, p.value) - prices_[p.adviser];
            if (worth <= worst_kept(p.firm)) return false;
            const auto own = choice(p.firm);
            return std::none_of(own.begin(), own.end(),
                                [&](const Chosen& c) { return c.adviser == p.adviser; });
        });
    }

    const PairSource& source_;
    const AssignmentLimits& limits_;
    double unit_;
    WholeUnits units_;
    unsigned threads_;
    std::size_t n_, m_;
    std::vector<std::size_t> pin_begin_;

    std::vector<std::int64_t> prices_;
    std::vector<double> real_prices_;
    std::vector<Chosen> chosen_;
    std::vector<std::size_t> chosen_begin_;

    std::vector<std::int64_t> floor_;  ///< net value from which a firm's pairs were gathered
    std::vector<double> threshold_;
    bool gathered_all_ = false;
    ExactProblem small_;
    std::vector<std::uint32_t> who_;  ///< firms of the small problem
};

}  // namespace libmatch
