// The judge of a claim that no assignment meets the limits, and of the smallest relaxation.
//
// Where capacity counts firms: at prices p_j of -1, 0 or 1 per unit of relaxation, every assignment
// breaks the limits by at least
//
//   sum_j (L_j p_j^- - C_j p_j^+) + sum_i (least cost of firm i),
//
// a firm's cost being the prices of its pairs, 1 for each unit under its minimum demand and 1 for
// each pin that it does not keep (docs/model.md). The judge adds this up over all eligible pairs
// with plain loops. A value above 0 proves the claim; equal to the units of the relaxation, whose
// assignment meets all the relaxed limits, it proves that the relaxation is a smallest one. The
// same sum, restricted to the advisers of one blocker, must give what the blocker says. Where
// capacity is hours: a pin or a firm that fits nowhere, or prices at which the hours that must be
// given cost more than all there are.
//
// Complexity: O(n advisers with price -1 + firms with a minimum demand or a pin x m) questions. It
// shares no code with any solver. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/assignment_case.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch::check {
namespace detail {

/// The pairs of one firm, as far as they matter to its least cost.
struct FirmView {
    std::vector<AdviserId> pins;  ///< eligible ones
    std::int64_t lost_pins = 0;   ///< not eligible
    std::vector<AdviserId> low;   ///< eligible, not pinned, price -1
    std::vector<AdviserId> high;  ///< price 1
    std::int64_t level = 0;       ///< price 0; enough of them for the minimum demand
};

/// The least that a firm costs when it pays these prices: `pins` its pins' prices, and so many
/// other pairs at -1 and 0. A pair at 1 is no better than a unit under the minimum demand.
inline std::int64_t least_cost(std::int64_t demand, std::int64_t minimum,
                               const std::vector<int>& pins, std::int64_t low, std::int64_t level) {
    std::int64_t at[3] = {0, low, level};      // pairs that cost -2, -1, 0
    for (const int p : pins) ++at[p - 1 + 2];  // a pin that is kept saves 1
    auto cost = static_cast<std::int64_t>(pins.size());
    std::int64_t taken = 0;
    for (int k = 0; k < 3; ++k) {
        const std::int64_t most = k < 2 ? demand : std::max(taken, minimum);
        const std::int64_t now = std::clamp<std::int64_t>(most - taken, 0, at[k]);
        cost += now * (k - 2);
        taken += now;
    }
    return cost + std::max<std::int64_t>(0, minimum - taken);
}

class InfeasibleJudge {
  public:
    InfeasibleJudge(const AssignmentCase& problem, const AssignmentLimits& limits,
                    const AssignmentResult& claim, Verdict& verdict, unsigned threads)
        : problem_(problem),
          limits_(limits),
          claim_(claim),
          verdict_(verdict),
          threads_(threads),
          part_of_(problem.advisers, none) {}

    void judge() {
        if (!prices_are_read() || !members_are_read()) return;
        const std::int64_t proven = add_up();
        if (proven <= 0) {
            fail("status", "infeasible is claimed, yet the prices prove only " +
                               std::to_string(proven) + " units of contradiction");
            return;
        }
        std::int64_t told = 0;
        for (const Blocker& b : claim_.blockers) told += b.shortfall;
        if (told != proven) {
            fail("blockers", "they lack " + std::to_string(told) +
                                 " units together, the prices prove " + std::to_string(proven));
        }
        judge_parts();
        judge_relaxation(proven);
    }

  private:
    static constexpr std::uint32_t none = 0xffffffff;

    void fail(std::string subject, std::string text) {
        verdict_.fail(problem_.stage, std::move(subject), std::move(text));
    }
    [[nodiscard]] static std::string blocker(std::size_t b) {
        return "blocker " + std::to_string(b);
    }

    bool prices_are_read() {
        if (claim_.prices.size() != problem_.advisers) {
            fail("prices", std::to_string(claim_.prices.size()) + " prices for " +
                               std::to_string(problem_.advisers) + " advisers");
            return false;
        }
        for (std::size_t j = 0; j < problem_.advisers; ++j) {
            const double p = claim_.prices[j];
            if (!(p == -1 || p == 0 || p == 1)) {
                fail(problem_.adviser_name(AdviserId(j)),
                     "a price of contradiction is -1, 0 or 1, not " + std::to_string(p));
                return false;
            }
            price_.push_back(static_cast<int>(p));
            if (p < 0) low_.emplace_back(j);
            if (p > 0) high_.emplace_back(j);
        }
        return true;
    }

    /// Each adviser with a price belongs to exactly one blocker.
    bool members_are_read() {
        if (claim_.blockers.empty()) {
            fail("status", "infeasible is claimed without any blocker");
            return false;
        }
        for (std::size_t b = 0; b < claim_.blockers.size(); ++b) {
            for (const AdviserId j : claim_.blockers[b].advisers) {
                if (j >= problem_.advisers || part_of_[j] != none || price_[j] == 0) {
                    fail(blocker(b), "an adviser of it has no price, or is named twice");
                    return false;
                }
                part_of_[j] = static_cast<std::uint32_t>(b);
            }
            for (const FirmId i : claim_.blockers[b].firms) {
                if (i < problem_.firms) continue;
                fail(blocker(b), "it names a firm that does not exist");
                return false;
            }
        }
        for (const auto* some : {&low_, &high_}) {
            for (const AdviserId j : *some) {
                if (part_of_[j] != none) continue;
                fail(problem_.adviser_name(j), "it has a price, yet no blocker names it");
                return false;
            }
        }
        return true;
    }

    // ---- the sum over all firms ----

    struct Share {
        std::uint32_t part = 0;
        FirmId firm;
        std::int64_t units = 0;
    };

    [[nodiscard]] FirmView view_of(FirmId i, const std::vector<AdviserId>& pins) const {
        FirmView v;
        for (const AdviserId j : pins) {
            if (problem_.eligible(i, j)) {
                v.pins.push_back(j);
            } else {
                ++v.lost_pins;
            }
        }
        const std::int64_t minimum = limits_.min_demand_of(i);
        if (limits_.demand_of(i) == 0 && v.pins.empty()) return v;
        const auto counts = [&](AdviserId j) {
            return std::find(pins.begin(), pins.end(), j) == pins.end() && problem_.eligible(i, j);
        };
        for (const AdviserId j : low_) {
            if (counts(j)) v.low.push_back(j);
        }
        const auto have = static_cast<std::int64_t>(v.pins.size() + v.low.size());
        for (std::size_t j = 0; j < problem_.advisers && have + v.level < minimum; ++j) {
            if (price_[j] == 0 && counts(AdviserId(j))) ++v.level;
        }
        if (have + v.level < minimum || (!pins.empty() && minimum > 0)) {
            for (const AdviserId j : high_) {
                if (counts(j)) v.high.push_back(j);
            }
        }
        return v;
    }

    /// The least cost of a firm when only the advisers of one part have their prices; `none`: when
    /// nobody has one; `every`: when all have.
    static constexpr std::uint32_t every = none - 1;
    [[nodiscard]] std::int64_t cost(FirmId i, const FirmView& v, std::uint32_t part) const {
        const auto priced = [&](AdviserId j) {
            return part == every || (part != none && part_of_[j] == part);
        };
        std::vector<int> pins;
        for (const AdviserId j : v.pins) pins.push_back(priced(j) ? price_[j] : 0);
        const auto low = std::count_if(v.low.begin(), v.low.end(), priced);
        const auto high = std::count_if(v.high.begin(), v.high.end(), priced);
        const auto level =
            v.level + static_cast<std::int64_t>(v.low.size() + v.high.size()) - low - high;
        return v.lost_pins +
               least_cost(limits_.demand_of(i), limits_.min_demand_of(i), pins, low, level);
    }

    std::int64_t add_up() {
        std::vector<std::vector<AdviserId>> pins(problem_.firms);
        for (const Pair& p : limits_.pinned) pins[p.firm].push_back(p.adviser);
        constexpr std::size_t chunk = 1024;
        const std::size_t chunks = (problem_.firms + chunk - 1) / chunk;
        std::vector<std::int64_t> sum(chunks, 0);
        std::vector<std::vector<Share>> shares(chunks);
        parallel_chunks(problem_.firms, chunk, threads_, [&](std::size_t begin, std::size_t end) {
            for (std::size_t k = begin; k < end; ++k) {
                const FirmId i(k);
                const FirmView v = view_of(i, pins[k]);
                sum[begin / chunk] += cost(i, v, every);
                share_out(i, v, shares[begin / chunk]);
            }
        });
        std::int64_t total = 0;
        for (const std::int64_t s : sum) total += s;
        for (const AdviserId j : low_) total += limits_.min_load_of(j);
        for (const AdviserId j : high_) total -= limits_.capacity[j];
        for (const auto& some : shares) {
            for (const Share& s : some) shares_.push_back(s);
        }
        return total;
    }

    /// What the firm adds to each part that it touches.
    void share_out(FirmId i, const FirmView& v, std::vector<Share>& out) const {
        std::set<std::uint32_t> parts;
        for (const auto* some : {&v.pins, &v.low, &v.high}) {
            for (const AdviserId j : *some) {
                if (part_of_[j] != none) parts.insert(part_of_[j]);
            }
        }
        for (const std::uint32_t part : parts) {
            const std::int64_t units = cost(i, v, part) - cost(i, v, none);
            if (units != 0) out.push_back({part, i, units});
        }
    }

    // ---- each blocker ----

    void judge_parts() {
        std::vector<std::int64_t> needed(claim_.blockers.size(), 0), reachable = needed;
        std::vector<std::vector<FirmId>> firms(claim_.blockers.size());
        for (const Share& s : shares_) {
            (s.units > 0 ? needed : reachable)[s.part] += std::abs(s.units);
            firms[s.part].push_back(s.firm);
        }
        for (std::size_t b = 0; b < claim_.blockers.size(); ++b) {
            const Blocker& claimed = claim_.blockers[b];
            if (!std::is_sorted(claimed.firms.begin(), claimed.firms.end()) ||
                std::adjacent_find(claimed.firms.begin(), claimed.firms.end()) !=
                    claimed.firms.end()) {
                fail(blocker(b), "its firms are not sorted and distinct");
                continue;
            }
            for (const AdviserId j : claimed.advisers) {
                if (price_[j] > 0) {
                    reachable[b] += limits_.capacity[j];
                } else {
                    needed[b] += limits_.min_load_of(j);
                }
            }
            if (claimed.advisers.empty()) {
                firms[b] = claimed.firms;
                add_up_alone(claimed, needed[b], reachable[b]);
            }
            if (claimed.needed != needed[b] || claimed.reachable != reachable[b] ||
                claimed.shortfall != needed[b] - reachable[b] || claimed.shortfall <= 0) {
                fail(blocker(b), "claimed " + std::to_string(claimed.needed) +
                                     " units needed and " + std::to_string(claimed.reachable) +
                                     " reachable, recomputed " + std::to_string(needed[b]) +
                                     " and " + std::to_string(reachable[b]));
            }
            if (claimed.firms != firms[b])
                fail(blocker(b), "its firms are not those that need or give its units");
            for (const Pair& p : claimed.pins) {
                if (!std::binary_search(limits_.pinned.begin(), limits_.pinned.end(), p))
                    fail(blocker(b), "it names a pin that does not exist");
            }
        }
    }

    /// Blockers without advisers: firms with too few eligible advisers, firms with too many pins,
    /// pins that are not eligible.
    void add_up_alone(const Blocker& b, std::int64_t& needed, std::int64_t& reachable) const {
        if (b.firms.empty()) {
            for (const Pair& p : b.pins) {
                if (p.firm < problem_.firms && p.adviser < problem_.advisers &&
                    !problem_.eligible(p.firm, p.adviser))
                    ++needed;
            }
            return;
        }
        for (const FirmId i : b.firms) {
            std::int64_t pins = 0, eligible = 0;
            for (auto p = std::lower_bound(limits_.pinned.begin(), limits_.pinned.end(),
                                           Pair{i, AdviserId(0U)});
                 p != limits_.pinned.end() && p->firm == i; ++p)
                pins += problem_.eligible(i, p->adviser) ? 1 : 0;
            if (pins > limits_.demand_of(i)) {
                needed += pins;
                reachable += limits_.demand_of(i);
                continue;
            }
            for (std::size_t j = 0; j < problem_.advisers; ++j)
                eligible += problem_.eligible(i, AdviserId(j)) ? 1 : 0;
            needed += limits_.min_demand_of(i);
            reachable += eligible;
        }
    }

    // ---- the relaxation ----

    void judge_relaxation(std::int64_t proven) {
        AssignmentLimits relaxed = limits_;
        relaxed.min_load.resize(problem_.advisers, 0);
        relaxed.min_demand.resize(problem_.firms, 0);
        std::set<Pair> dropped;
        std::int64_t units = 0;
        for (std::size_t k = 0; k < claim_.relaxation.size(); ++k) {
            const Relaxation& r = claim_.relaxation[k];
            const bool of_firm =
                r.limit == Relaxation::Limit::min_demand || r.limit == Relaxation::Limit::pin;
            const bool of_adviser = r.limit != Relaxation::Limit::min_demand;
            bool lawful = (!of_firm || r.firm < problem_.firms) &&
                          (!of_adviser || r.adviser < problem_.advisers);
            if (lawful) {
                switch (r.limit) {
                    case Relaxation::Limit::capacity:
                        lawful = relaxed.capacity[r.adviser] == r.before && r.after > r.before;
                        relaxed.capacity[r.adviser] = r.after;
                        break;
                    case Relaxation::Limit::min_load:
                        lawful = relaxed.min_load[r.adviser] == r.before && r.after < r.before &&
                                 r.after >= 0;
                        relaxed.min_load[r.adviser] = r.after;
                        break;
                    case Relaxation::Limit::min_demand:
                        lawful = relaxed.min_demand[r.firm] == r.before && r.after < r.before &&
                                 r.after >= 0;
                        relaxed.min_demand[r.firm] = static_cast<std::int32_t>(r.after);
                        break;
                    case Relaxation::Limit::pin: {
                        const Pair p{r.firm, r.adviser};
                        lawful =
                            r.before == 1 && r.after == 0 && dropped.insert(p).second &&
                            std::binary_search(limits_.pinned.begin(), limits_.pinned.end(), p);
                        break;
                    }
                }
            }
            if (!lawful) {
                fail("relaxation " + std::to_string(k),
                     "it does not change a limit of the problem from " + std::to_string(r.before) +
                         " to " + std::to_string(r.after));
                return;
            }
            units += r.units();
        }
        if (units != proven) {
            fail("relaxation", "it changes " + std::to_string(units) + " units; the smallest has " +
                                   std::to_string(proven));
        }
        judge_relaxed_pairs(relaxed, dropped);
    }

    void judge_relaxed_pairs(const AssignmentLimits& relaxed, const std::set<Pair>& dropped) {
        const auto wrong = [&](const std::string& text) {
            fail("relaxation", "its assignment does not meet the relaxed limits: " + text);
        };
        std::vector<std::int64_t> load(problem_.advisers, 0), held(problem_.firms, 0);
        const std::vector<Pair>& pairs = claim_.relaxed_pairs;
        for (std::size_t k = 0; k < pairs.size(); ++k) {
            const Pair& p = pairs[k];
            if (p.firm >= problem_.firms || p.adviser >= problem_.advisers ||
                (k > 0 && !(pairs[k - 1] < p)) || !problem_.eligible(p.firm, p.adviser)) {
                return wrong("pair " + std::to_string(k) +
                             " is not eligible, or not in order and distinct");
            }
            ++load[p.adviser];
            ++held[p.firm];
        }
        for (std::size_t j = 0; j < problem_.advisers; ++j) {
            if (load[j] > relaxed.capacity[j] || load[j] < relaxed.min_load[j])
                return wrong(problem_.adviser_name(AdviserId(j)));
        }
        for (std::size_t i = 0; i < problem_.firms; ++i) {
            if (held[i] > relaxed.demand_of(FirmId(i)) || held[i] < relaxed.min_demand[i])
                return wrong(problem_.firm_name(FirmId(i)));
        }
        for (const Pair& p : limits_.pinned) {
            if (!dropped.contains(p) && !std::binary_search(pairs.begin(), pairs.end(), p))
                return wrong("a pin is not kept");
        }
    }

    const AssignmentCase& problem_;
    const AssignmentLimits& limits_;
    const AssignmentResult& claim_;
    Verdict& verdict_;
    unsigned threads_;
    std::vector<int> price_;
    std::vector<AdviserId> low_, high_;
    std::vector<std::uint32_t> part_of_;  ///< blocker of each adviser with a price
    std::vector<Share> shares_;
};

/// A pin that is not eligible, or more pins than a firm's demand.
inline bool pins_contradict(const AssignmentCase& problem, const AssignmentLimits& limits) {
    std::vector<std::int64_t> degree(problem.firms, 0);
    return std::any_of(limits.pinned.begin(), limits.pinned.end(), [&](const Pair& p) {
        return !problem.eligible(p.firm, p.adviser) || ++degree[p.firm] > limits.demand_of(p.firm);
    });
}

/// A firm with a minimum demand and no eligible adviser at all.
inline bool some_firm_fits_nowhere(const AssignmentCase& problem, const AssignmentLimits& limits) {
    for (std::size_t i = 0; i < problem.firms; ++i) {
        if (limits.min_demand_of(FirmId(i)) == 0) continue;
        std::size_t j = 0;
        while (j < problem.advisers && !problem.eligible(FirmId(i), AdviserId(j))) ++j;
        if (j == problem.advisers) return true;
    }
    return false;
}

/// Hours: a pin or a forced firm that cannot be, or prices per hour at which the least that forced
/// firms need costs more than all hours are worth.
inline bool hours_contradict(const AssignmentCase& problem, const AssignmentLimits& limits,
                             const std::vector<double>& prices) {
    if (pins_contradict(problem, limits)) return true;
    std::vector<Sum> pinned(problem.advisers);
    std::vector<char> has_pin(problem.firms, 0);
    for (const Pair& p : limits.pinned) {
        pinned[p.adviser].add(problem.load ? problem.load(p.firm, p.adviser) : 1);
        has_pin[p.firm] = 1;
    }
    Sum worth, needed;
    std::vector<double> most(problem.advisers);
    for (std::size_t j = 0; j < problem.advisers; ++j) {
        most[j] = limits.hours[j] + hours_tolerance(limits.hours[j]) - pinned[j].value();
        if (most[j] < 0) return true;
        if (prices.size() == problem.advisers) {
            if (!(prices[j] >= 0 && std::isfinite(prices[j]))) return false;
            worth.add(prices[j] * most[j]);
        }
    }
    for (std::size_t k = 0; k < problem.firms; ++k) {
        const FirmId i(k);
        if (limits.min_demand_of(i) == 0 || has_pin[k] != 0) continue;
        double cheapest = HUGE_VAL;
        for (std::size_t j = 0; j < problem.advisers; ++j) {
            const AdviserId adviser(j);
            if (!problem.eligible(i, adviser)) continue;
            const double hours = problem.load ? problem.load(i, adviser) : 1;
            if (hours > most[j]) continue;
            cheapest =
                std::min(cheapest, prices.size() == problem.advisers ? hours * prices[j] : 0.0);
        }
        if (cheapest == HUGE_VAL) return true;
        needed.add(cheapest);
    }
    return needed.value() > worth.value() * (1 + 1e-12) + 1e-300;
}

}  // namespace detail

/// Judges the claim that no assignment meets the limits, which have no quotas; adds what is wrong
/// to the verdict.
inline void judge_infeasible(const AssignmentCase& problem, const AssignmentLimits& limits,
                             const AssignmentResult& claim, Verdict& verdict,
                             unsigned threads = 0) {
    if (limits.hours.empty()) {
        detail::InfeasibleJudge(problem, limits, claim, verdict, threads).judge();
        return;
    }
    if (claim.blockers.empty())
        verdict.fail(problem.stage, "status", "infeasible is claimed without any blocker");
    if (!detail::hours_contradict(problem, limits, claim.prices)) {
        verdict.fail(problem.stage, "status",
                     "infeasible is claimed, yet the prices per hour do not prove it");
    }
}

}  // namespace libmatch::check
