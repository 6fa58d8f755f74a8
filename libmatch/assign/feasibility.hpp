// Who blocks an infeasible problem: the parts of a minimum cut, in numbers and in words.
//
// Problem: the prices of a smallest relaxation (relaxation.hpp) prove that the limits contradict
// each other; people need to know which firms, advisers and pins do, and by how many units. Method:
// at the prices, the value that they prove is a sum over advisers and firms. Advisers that share a
// firm whose part cannot be split between them belong together (union-find), so the sum falls into
// independent parts, each an inequality of its own: what its members need exceeds what can reach
// them. Parts that prove nothing are let go. Firms with fewer eligible advisers than their minimum
// demand, pins beyond a firm's demand, and pins of pairs that are not eligible need no prices.
// Complexity: O(n advisers at prices other than 0 + firms with a minimum demand or a pin x m)
// questions to the source. Deterministic. Source: A. J. Hoffman, "Some recent applications of the
// theory of linear inequalities to extremal combinatorial analysis", 1960 (docs/model.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/blocker_words.hpp>
#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/relaxation.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {
namespace detail {

class BlockerFinder {
  public:
    /// `price` may be lowered to 0 where it proves nothing.
    BlockerFinder(const PairSource& source, const AssignmentLimits& limits,
                  std::vector<std::int8_t>& price, unsigned threads)
        : source_(source),
          limits_(limits),
          price_(price),
          threads_(threads),
          n_(source.firms()),
          m_(source.advisers()),
          pin_begin_(pin_offsets(limits.pinned, n_)),
          parent_(m_) {
        std::iota(parent_.begin(), parent_.end(), std::uint32_t{0});
        for (std::size_t j = 0; j < m_; ++j) {
            if (price_[j] < 0) low_.push_back(static_cast<std::uint32_t>(j));
            if (price_[j] > 0) high_.push_back(static_cast<std::uint32_t>(j));
        }
    }

    std::vector<Blocker> run() {
        look_at_firms();
        std::vector<Blocker> blockers = alone();
        for (Blocker& b : parts()) blockers.push_back(std::move(b));
        return blockers;
    }

  private:
    /// Units that a firm needs of an adviser's part (> 0), or gives to it (< 0).
    struct Share {
        std::uint32_t adviser = 0;
        std::uint32_t firm = 0;
        std::int64_t units = 0;
    };
    /// What was found about the firms of a chunk.
    struct Found {
        std::vector<Share> shares;
        std::vector<std::pair<std::uint32_t, std::uint32_t>> together;  ///< advisers
        std::vector<Pair> pins;                                         ///< that take part
        Blocker lacking, crowded;
        std::map<std::string, std::vector<Pair>> lost;  ///< pins by the reason
    };

    [[nodiscard]] std::uint32_t root(std::uint32_t j) {
        while (parent_[j] != j) j = parent_[j] = parent_[parent_[j]];
        return j;
    }

    void look_at_firms() {
        constexpr std::size_t chunk = 1024;
        found_.resize((n_ + chunk - 1) / chunk);
        parallel_chunks(n_, chunk, threads_, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) look_at(FirmId(i), found_[begin / chunk]);
        });
        for (const Found& f : found_) {
            for (const auto& [a, b] : f.together) parent_[root(a)] = root(b);
        }
    }

    void look_at(FirmId i, Found& out) const {
        const std::int64_t demand = limits_.demand_of(i), least = limits_.min_demand_of(i);
        std::vector<std::uint32_t> pinned;
        for (std::size_t k = pin_begin_[i]; k < pin_begin_[i + 1]; ++k) {
            const Pair& p = limits_.pinned[k];
            if (source_.eligible(p.firm, p.adviser)) {
                pinned.push_back(p.adviser.value);
            } else {
                out.lost[source_.reason(p.firm, p.adviser)].push_back(p);
            }
        }
        if (demand == 0 && pinned.empty()) return;
        const auto choices = [&](const std::vector<std::uint32_t>& advisers) {
            std::vector<std::uint32_t> free;
            for (const std::uint32_t j : advisers) {
                if (!std::binary_search(pinned.begin(), pinned.end(), j) &&
                    source_.eligible(i, AdviserId(j)))
                    free.push_back(j);
            }
            return free;
        };
        const std::vector<std::uint32_t> low = choices(low_);
        std::vector<std::uint32_t> high;
        std::int64_t others = 0;  // eligible at price 0, counted as far as they matter
        const auto have = static_cast<std::int64_t>(low.size() + pinned.size());
        if (least > 0) {
            for (std::size_t j = 0; j < m_ && have + others < least; ++j) {
                const auto adviser = static_cast<std::uint32_t>(j);
                if (price_[j] == 0 && !std::binary_search(pinned.begin(), pinned.end(), adviser) &&
                    source_.eligible(i, AdviserId(j)))
                    ++others;
            }
        }
        if (least > have + others || !pinned.empty()) high = choices(high_);
        name_alone(i, pinned, have + others + static_cast<std::int64_t>(high.size()), out);
        if (pinned.empty()) {
            share_out(i, low, -1, demand, out);
            share_out(i, high, 1, std::max<std::int64_t>(0, least - have - others), out);
        } else {
            share_pins(i, pinned, low, high, others, out);
        }
    }

    /// Firms that lack eligible advisers, and pins beyond the demand: no prices are needed.
    void name_alone(FirmId i, const std::vector<std::uint32_t>& pinned, std::int64_t eligible,
                    Found& out) const {
        const std::int64_t demand = limits_.demand_of(i), least = limits_.min_demand_of(i);
        const auto pins = static_cast<std::int64_t>(pinned.size());
        if (eligible < least) {
            out.lacking.firms.push_back(i);
            out.lacking.needed += least;
            out.lacking.reachable += eligible;
        }
        if (pins > demand) {
            out.crowded.firms.push_back(i);
            out.crowded.needed += pins;
            out.crowded.reachable += demand;
            for (const std::uint32_t j : pinned) out.crowded.pins.push_back({i, AdviserId(j)});
        }
    }

    /// A firm takes or gives `most` units at most, one per adviser. Where that is less than one for
    /// each, the advisers belong together.
    static void share_out(FirmId i, const std::vector<std::uint32_t>& advisers, int sign,
                          std::int64_t most, Found& out) {
        if (advisers.empty() || most == 0) return;
        if (static_cast<std::int64_t>(advisers.size()) <= most) {
            for (const std::uint32_t j : advisers) out.shares.push_back({j, i.value, sign});
            return;
        }
        out.shares.push_back({advisers.front(), i.value, sign * most});
        for (const std::uint32_t j : advisers) out.together.emplace_back(advisers.front(), j);
    }

    /// A firm with pins ties all of its advisers whose price is not 0, unless its pins leave it no
    /// part in them.
    void share_pins(FirmId i, const std::vector<std::uint32_t>& pinned,
                    const std::vector<std::uint32_t>& low, const std::vector<std::uint32_t>& high,
                    std::int64_t others, Found& out) const {
        const std::int64_t demand = limits_.demand_of(i), least = limits_.min_demand_of(i);
        const auto pins = static_cast<std::int64_t>(pinned.size());
        std::vector<std::uint32_t> all = low;
        for (const std::uint32_t j : pinned) {
            if (price_[j] != 0) all.push_back(j);
        }
        const bool inert = pins >= demand && all.size() == low.size();
        if (pins < least) all.insert(all.end(), high.begin(), high.end());
        if (inert || all.empty()) return;

        std::vector<int> pays;
        for (const std::uint32_t j : pinned) pays.push_back(price_[j] - 1);
        pays.insert(pays.end(), low.size(), -1);
        pays.insert(pays.end(), static_cast<std::size_t>(others), 0);
        std::sort(pays.begin(), pays.end());
        std::int64_t units = pins, taken = 0;
        for (const int p : pays) {
            if (taken == demand || (p >= 0 && taken >= least)) break;
            units += p;
            ++taken;
        }
        units += std::max<std::int64_t>(0, least - taken);
        const std::int64_t eligible =
            pins + others + static_cast<std::int64_t>(low.size() + high.size());
        units -= std::max<std::int64_t>(0, least - eligible);
        units -= std::max<std::int64_t>(0, pins - demand);
        out.shares.push_back({all.front(), i.value, units});
        for (const std::uint32_t j : all) out.together.emplace_back(all.front(), j);
        for (const std::uint32_t j : pinned) out.pins.push_back({i, AdviserId(j)});
    }

    // ---- blockers that need no prices ----

    std::vector<Blocker> alone() {
        std::map<std::string, std::vector<Pair>> lost;
        Blocker lacking, crowded;
        const auto append = [](Blocker& to, const Blocker& from) {
            to.needed += from.needed;
            to.reachable += from.reachable;
            to.firms.insert(to.firms.end(), from.firms.begin(), from.firms.end());
            to.pins.insert(to.pins.end(), from.pins.begin(), from.pins.end());
        };
        for (const Found& f : found_) {
            append(lacking, f.lacking);
            append(crowded, f.crowded);
            for (const auto& [reason, pins] : f.lost)
                lost[reason].insert(lost[reason].end(), pins.begin(), pins.end());
        }
        std::vector<Blocker> blockers;
        for (auto& [reason, pins] : lost) {
            Blocker b;
            b.kind = Blocker::Kind::pin;
            b.needed = static_cast<std::int64_t>(pins.size());
            b.pins = std::move(pins);
            blockers.push_back(std::move(b));
        }
        crowded.kind = Blocker::Kind::pin;
        if (!crowded.firms.empty()) blockers.push_back(std::move(crowded));
        lacking.kind = Blocker::Kind::firm;
        if (!lacking.firms.empty()) blockers.push_back(std::move(lacking));
        for (Blocker& b : blockers) finish(b);
        return blockers;
    }

    // ---- the parts of the cut ----

    std::vector<Blocker> parts() {
        std::vector<Share> shares;
        for (const Found& f : found_) {
            for (Share s : f.shares) {
                s.adviser = root(s.adviser);
                shares.push_back(s);
            }
        }
        std::stable_sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) {
            return a.adviser != b.adviser ? a.adviser < b.adviser : a.firm < b.firm;
        });
        std::map<std::uint32_t, Blocker> part;  // by root
        for (std::size_t k = 0; k < shares.size();) {
            const Share& first = shares[k];
            std::int64_t units = 0;
            for (; k < shares.size() && shares[k].adviser == first.adviser &&
                   shares[k].firm == first.firm;
                 ++k)
                units += shares[k].units;
            if (units == 0) continue;
            Blocker& b = part[first.adviser];
            b.firms.emplace_back(first.firm);
            (units > 0 ? b.needed : b.reachable) += std::abs(units);
        }
        for (std::size_t j = 0; j < m_; ++j) {
            if (price_[j] == 0) continue;
            Blocker& b = part[root(static_cast<std::uint32_t>(j))];
            b.advisers.emplace_back(j);
            if (price_[j] > 0) {
                b.reachable += limits_.capacity[j];
            } else {
                b.needed += limits_.min_load_of(AdviserId(j));
            }
        }
        for (const Found& f : found_) {
            for (const Pair& p : f.pins) add_pin(p, part);
        }
        std::vector<Blocker> blockers;
        Blocker unreached;  // all advisers that nobody can reach, together
        unreached.kind = Blocker::Kind::adviser;
        for (auto& [at, b] : part) {
            if (b.needed <= b.reachable) {
                for (const AdviserId j : b.advisers) price_[j] = 0;
                continue;
            }
            b.kind = kind_of(b);
            if (b.kind == Blocker::Kind::adviser && b.firms.empty()) {
                unreached.needed += b.needed;
                unreached.advisers.insert(unreached.advisers.end(), b.advisers.begin(),
                                          b.advisers.end());
                continue;
            }
            finish(b);
            blockers.push_back(std::move(b));
        }
        if (!unreached.advisers.empty()) {
            std::sort(unreached.advisers.begin(), unreached.advisers.end());
            finish(unreached);
            blockers.push_back(std::move(unreached));
        }
        std::stable_sort(blockers.begin(), blockers.end(), [](const auto& a, const auto& b) {
            return a.advisers.front() < b.advisers.front();
        });
        return blockers;
    }

    /// Pins take part where the firm or the adviser does.
    void add_pin(const Pair& p, std::map<std::uint32_t, Blocker>& part) {
        if (price_[p.adviser] != 0) {
            part[root(p.adviser.value)].pins.push_back(p);
            return;
        }
        for (auto& [at, b] : part) {
            if (std::binary_search(b.firms.begin(), b.firms.end(), p.firm)) b.pins.push_back(p);
        }
    }

    [[nodiscard]] Blocker::Kind kind_of(const Blocker& b) const {
        const auto priced = [&](int p) {
            return std::any_of(b.advisers.begin(), b.advisers.end(),
                               [&](AdviserId j) { return price_[j] == p; });
        };
        if (!priced(1)) return Blocker::Kind::adviser;
        const auto pinned = std::count_if(b.pins.begin(), b.pins.end(),
                                          [&](const Pair& p) { return price_[p.adviser] > 0; });
        return !priced(-1) && b.needed > pinned ? Blocker::Kind::firm : Blocker::Kind::pin;
    }

    void finish(Blocker& b) const {
        b.shortfall = b.needed - b.reachable;
        std::sort(b.firms.begin(), b.firms.end());
        std::sort(b.pins.begin(), b.pins.end());
        b.pins.erase(std::unique(b.pins.begin(), b.pins.end()), b.pins.end());
        switch (b.kind) {
            case Blocker::Kind::firm:
                b.index = b.firms.front().value;
                break;
            case Blocker::Kind::adviser:
                b.index = b.advisers.front().value;
                break;
            case Blocker::Kind::pin:
                b.index = b.pins.empty()
                              ? 0
                              : static_cast<std::uint32_t>(std::lower_bound(limits_.pinned.begin(),
                                                                            limits_.pinned.end(),
                                                                            b.pins.front()) -
                                                           limits_.pinned.begin());
                break;
            case Blocker::Kind::quota:
                break;  // no part of this network
        }
        BlockerNames names = counted_names(b);
        if (b.firms.empty() && b.advisers.empty())
            names.note = source_.reason(b.pins.front().firm, b.pins.front().adviser);
        b.reason = blocker_sentence(b, price_, names);
    }

    const PairSource& source_;
    const AssignmentLimits& limits_;
    std::vector<std::int8_t>& price_;
    unsigned threads_;
    std::size_t n_, m_;
    std::vector<std::size_t> pin_begin_;
    std::vector<std::uint32_t> parent_;      ///< of the union of advisers
    std::vector<std::uint32_t> low_, high_;  ///< advisers at price -1, and at 1
    std::vector<Found> found_;
};

/// Limits that allow to assign nobody never contradict each other.
[[nodiscard]] inline bool may_contradict(const AssignmentLimits& limits) {
    const auto positive = [](auto x) { return x > 0; };
    return !limits.pinned.empty() ||
           std::any_of(limits.min_load.begin(), limits.min_load.end(), positive) ||
           std::any_of(limits.min_demand.begin(), limits.min_demand.end(), positive);
}

}  // namespace detail

/// Whether the pins alone are eligible and keep capacities and demands.
[[nodiscard]] inline bool pins_fit(const PairSource& source, const AssignmentLimits& limits) {
    std::vector<std::int64_t> load(source.advisers(), 0);
    std::vector<std::int32_t> degree(source.firms(), 0);
    return std::all_of(limits.pinned.begin(), limits.pinned.end(), [&](const Pair& p) {
        return source.eligible(p.firm, p.adviser) &&
               ++load[p.adviser] <= limits.capacity[p.adviser] &&
               ++degree[p.firm] <= limits.demand_of(p.firm);
    });
}

/// Whether an assignment can exist.
enum class Feasibility { feasible, infeasible, unknown };

/// Decides it; unknown only when control stopped the work before. A feasible answer gets some pairs
/// that keep all limits. An infeasible one gets blockers, the smallest relaxation and the prices
/// that prove both.
[[nodiscard]] inline Feasibility decide_feasibility(const PairSource& source,
                                                    const AssignmentLimits& limits,
                                                    unsigned threads, const Control& control,
                                                    AssignmentResult& answer) {
    if (!detail::may_contradict(limits)) return Feasibility::feasible;
    RelaxationSearch::Options options;
    options.threads = threads;
    auto smallest = RelaxationSearch(source, limits, options).run(control);
    if (!smallest) return Feasibility::unknown;
    if (smallest->units == 0) {
        answer.pairs = std::move(smallest->pairs);
        return Feasibility::feasible;
    }
    answer.blockers = detail::BlockerFinder(source, limits, smallest->price, threads).run();
    answer.relaxation = std::move(smallest->changes);
    answer.relaxed_pairs = std::move(smallest->pairs);
    answer.prices.assign(smallest->price.begin(), smallest->price.end());
    return Feasibility::infeasible;
}

}  // namespace libmatch
