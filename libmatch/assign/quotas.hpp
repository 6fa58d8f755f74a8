// Assignment with quotas on groups of pairs: from a source of pairs and limits to a proven answer.
//
// Problem: max sum u_ij x_ij, each firm with one adviser, or none where it may stay out, advisers
// between minimum load and capacity, and every quota q between its ends: lo_q <= sum over F_q x A_q
// of x_ij <= hi_q. Quotas may overlap in any way, so the matrix is not totally unimodular any more.
// Method: prices of all limits that make the Lagrangian bound least (quota_dual.hpp), on each
// firm's best pairs, which are renewed over all pairs at the prices until the bound over all pairs
// is that of the pairs at hand (column generation), while ties are broken by lot, by a small part
// of the gap asked: among equal pairs no price could tell which to take; then a search for a whole
// answer around these prices (quota_search.hpp) until the gap asked is reached or its moves are
// spent. The bound is the value of the linear relaxation, so the gap can be closed to the distance
// between the two and no further; a vertex of it splits no more firms than there are tight limits,
// so it is usually small where firms are many. Infeasibility is claimed where it is proven over all
// pairs: a limit that too few firms could meet, a firm that must be served and cannot be, or prices
// at which the least limits cost more than any answer can pay (Farkas). Complexity: some 100 passes
// over the pairs at hand per renewal, one question to the source per renewal and kind of firm, and
// a bounded number of moves; memory O(pairs at hand). Preconditions: limits and options without
// faults; demands of at most 1, no hours, no exact mode. Deterministic for any number of threads,
// given the seed. Source: M. L. Fisher, "The Lagrangian relaxation method for solving integer
// programming problems", Management Science 27, 1981; C. Barnhart et al., "Branch-and-price",
// Operations Research 46, 1998.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/feasibility.hpp>
#include <libmatch/assign/quota_dual.hpp>
#include <libmatch/assign/quota_problem.hpp>
#include <libmatch/assign/quota_search.hpp>
#include <libmatch/core/exact_sum.hpp>

namespace libmatch {
namespace detail {

/// Solves an assignment without quotas.
using PlainAssigner = std::function<AssignmentResult(const PairSource&, const AssignmentLimits&,
                                                     const AssignmentOptions&, Control&)>;

class QuotaAssigner {
  public:
    QuotaAssigner(const PairSource& source, const AssignmentLimits& limits,
                  const AssignmentOptions& options, const PlainAssigner& plain, Control& control)
        : source_(source),
          limits_(limits),
          options_(options),
          plain_(plain),
          control_(control),
          m_(source.advisers()) {}

    AssignmentResult solve() {
        // Limits that contradict each other already without quotas have blockers with members.
        if (decide_feasibility(source_, limits_, options_.threads, control_, result_) ==
            Feasibility::infeasible) {
            proof_ = result_.prices;
            proof_.resize(m_ + limits_.quotas.size(), 0.0);
            return infeasible();
        }
        QuotaProblem problem(source_, limits_, options_.threads);
        if (!limits_can_be_met(problem)) return infeasible();
        prices_.assign(problem.limits(), 0.0);
        best_prices_ = prices_;
        if (find_prices(problem)) return infeasible();

        QuotaSearch search(problem, best_prices_, options_.seed, control_);
        if (proof_.empty()) proof_ = problem.offered(best_prices_);
        const double hand = problem.bound_at_hand(best_prices_);
        // The search knows pairs by their worth, which may promise more than they bring.
        double free = 0;
        for (std::size_t i = 0; i < problem.firms(); ++i) free += problem.free(i) ? 1 : 0;
        const double promised =
            std::max(0.0, tie_ * free - (problem.worth_at_hand(best_prices_) - hand));
        search.run(hand - bound_ + options_.gap * std::fabs(bound_) - promised);
        if (!search.lawful() && prove_infeasible(problem)) return infeasible();
        take(problem, search);
        return std::move(result_);
    }

  private:
    // ---- what can be said at once ----

    /// One limit that cannot be met is proof enough; the prices are its own.
    bool limits_can_be_met(const QuotaProblem& p) {
        proof_.assign(p.limits(), 0.0);
        for (std::size_t r = 0; r < p.limits(); ++r) {
            if (p.most(r) < 0) {
                block_limit(r, -p.most(r),
                            "the pins alone exceed its largest count; drop pins or "
                            "raise it");
                if (result_.blockers.size() == 1) proof_[r] = 1;
            } else if (p.least(r) > std::min(p.usable(r), p.most(r))) {
                block_limit(r, p.least(r) - std::min(p.usable(r), p.most(r)),
                            "too few firms that choose belong to it; lower its least count");
                if (result_.blockers.size() == 1) proof_[r] = -1;
            }
        }
        if (!result_.blockers.empty()) return false;
        proof_.clear();
        return true;
    }

    /// Each firm that must be served needs a pair that may be taken.
    bool forced_firms_can_be_served(const QuotaProblem& p) {
        for (std::size_t i = 0; i < p.firms(); ++i) {
            if (p.forced(i) && p.begin(i) == p.end(i)) {
                block(Blocker::Kind::firm, i, 1,
                      "the firm's minimum demand lacks an eligible adviser whose capacity and "
                      "quotas admit it; lower min_demand or widen eligibility");
            }
        }
        if (result_.blockers.empty()) return true;
        proof_ = closing_only(p, std::vector<double>(p.limits(), 0.0));
        return false;
    }

    // ---- prices ----

    [[nodiscard]] std::size_t all_pairs() const {
        if (const auto rows = source_.stored()) return rows->column.size();
        return source_.firms() * m_;
    }

    /// Prices of the limits and the best bound over all pairs. True when it is proven that no
    /// answer exists.
    bool find_prices(QuotaProblem& p) {
        set_easy_bound(p);
        const auto width = static_cast<std::size_t>(std::max(options_.candidates, 2));
        if (all_pairs() <= few_pairs) {
            if (!p.take_all(control_)) return false;
        } else {
            start_from_plain();
            if (control_.stop() || !p.look(p.offered(prices_), width, control_).whole ||
                !p.look_around_quotas(prices_, width_around_quotas, control_))
                return false;
        }
        tie_ = tie_share * options_.gap * p.mean_best();
        p.break_ties(tie_);
        if (!forced_firms_can_be_served(p)) return true;
        // Near the least bound few firms are undecided, which is what the search lives on. Before
        // the pairs at hand are enough, little is won by coming near.
        const double last = std::clamp(0.01 * options_.gap, 1e-8, 1e-5);
        for (int round = 0; round < most_rounds && !control_.stop(); ++round) {
            QuotaDual dual(p, QuotaDual::Aim::least_bound, options_.threads, control_);
            const bool whole = p.complete();
            dual.run(prices_,
                     whole        ? 0.3
                     : round == 0 ? 0.1
                                  : 0.01,
                     whole ? HUGE_VAL : 1.0, whole || round > 0 ? last : 10 * last);
            if (dual.proves_infeasible()) {
                if (farkas_holds(p, dual.farkas())) return true;
                if (!add_cheapest(p, dual.farkas())) return false;
                continue;
            }
            prices_ = dual.prices();
            const std::vector<double> offer = p.offered(prices_);
            const auto look = p.look(offer, width, control_);
            if (!look.whole) return false;
            if (look.bound < bound_) {
                bound_ = look.bound;
                best_prices_ = prices_;
                proof_ = offer;
            }
            // Pairs that are not at hand could lower the bound by as much at most.
            const double missing = look.bound - dual.bound() - pinned_;
            const double little = 0.05 * options_.gap * std::fabs(bound_);
            if ((whole || round > 0) && (look.added == 0 || missing <= little)) return false;
        }
        return false;
    }

    /// Prices of advisers from the problem without quotas, roughly.
    void start_from_plain() {
        AssignmentLimits without = limits_;
        without.quotas.clear();
        AssignmentOptions rough = options_;
        rough.gap = std::max(options_.gap, 5e-3);
        const AssignmentResult start = plain_(source_, without, rough, control_);
        for (std::size_t j = 0; j < m_; ++j) {
            if (limits_.capacity[j] > 0) prices_[j] = start.prices[j];
        }
    }

    /// Every firm at the most that a pair can be worth; needs no proof.
    void set_easy_bound(const QuotaProblem& p) {
        const double most = std::max(0.0, source_.utility_limit());
        ExactSum bound;
        for (const Pair& pin : limits_.pinned) bound.add(source_.utility(pin.firm, pin.adviser));
        pinned_ = bound.up();
        for (std::size_t i = 0; i < p.firms(); ++i) {
            if (p.free(i)) bound.add(most);
        }
        bound_ = bound.up();
    }

    // ---- proofs that no answer exists ----

    /// The pairs of least price at these prices join those at hand. False when there is none.
    bool add_cheapest(QuotaProblem& p, const std::vector<double>& farkas) {
        double longest = 0;
        for (const double x : farkas) longest = std::max(longest, std::fabs(x));
        std::vector<double> steep = farkas;
        for (double& x : steep) x *= 1e6 * std::max(1.0, source_.utility_limit()) / longest;
        const auto look =
            p.look(steep, static_cast<std::size_t>(std::max(options_.candidates, 2)), control_);
        return look.whole && look.added > 0;
    }

    /// After the search found no lawful answer.
    bool prove_infeasible(QuotaProblem& p) {
        for (int round = 0; round < most_rounds && !control_.stop(); ++round) {
            QuotaDual dual(p, QuotaDual::Aim::prove_infeasible, options_.threads, control_);
            dual.run(std::vector<double>(p.limits(), 0.0), 0.3, HUGE_VAL, 0);
            if (!dual.proves_infeasible()) return false;
            if (farkas_holds(p, dual.farkas())) return true;
            if (!add_cheapest(p, dual.farkas())) return false;
        }
        return false;
    }

    /// With all utilities 0 and over all pairs, the bound at these prices is negative: no answer
    /// exists, and the limits that are priced and missed block.
    bool farkas_holds(const QuotaProblem& p, const std::vector<double>& prices) {
        const std::vector<double> of_mix = p.mix_prices(prices);
        struct Cheapest {
            double cost = 0;
            std::uint32_t adviser = AdviserId::missing, mix = 0;
        };
        std::vector<Cheapest> cheapest(p.firms());
        for (std::size_t i = 0; i < p.firms(); ++i) {
            if (p.forced(i)) cheapest[i].cost = HUGE_VAL;
        }
        const bool whole = p.every_pair(control_, [&](const ValuedPair& pair, std::uint32_t mix) {
            if (p.closed(pair.adviser.value, mix)) return;
            const double cost = prices[pair.adviser] + of_mix[mix];
            if (cost < cheapest[pair.firm].cost)
                cheapest[pair.firm] = {cost, pair.adviser.value, mix};
        });
        if (!whole) return false;
        Sum bound, sizes;
        std::vector<std::int64_t> count(p.limits(), 0);
        for (std::size_t r = 0; r < p.limits(); ++r) {
            if (p.most(r) <= 0) continue;
            const double end =
                prices[r] * static_cast<double>(prices[r] > 0 ? p.most(r) : p.least(r));
            if (prices[r] == 0) continue;
            bound.add(end);
            sizes.add(std::fabs(end));
        }
        for (const Cheapest& c : cheapest) {
            bound.add(-c.cost);
            sizes.add(std::fabs(c.cost));
            if (c.adviser == AdviserId::missing) continue;
            p.for_each_limit(c.adviser, c.mix, [&](std::size_t r) { ++count[r]; });
        }
        const double shortage = -bound.value();
        if (!(shortage > 1e-9 * sizes.value())) return false;
        proof_ = closing_only(p, prices);
        double longest = 0;
        for (const double price : prices) longest = std::max(longest, std::fabs(price));
        for (std::size_t r = 0; r < p.limits(); ++r) {
            if (prices[r] == 0 || p.most(r) <= 0) continue;
            // Each priced limit is part of the proof. Of the advisers, those that lack room are
            // named; of the quotas, all that count.
            const bool missed = prices[r] > 0 ? count[r] > p.most(r) : count[r] < p.least(r);
            if (!missed && !(r >= m_ && std::fabs(prices[r]) > 1e-3 * longest)) continue;
            const double units = std::ceil(shortage / std::fabs(prices[r]) * (1 - 1e-9));
            block_limit(r, static_cast<std::int64_t>(std::clamp(units, 1.0, 0x1p62)),
                        prices[r] > 0
                            ? "the firms that must be served or that other limits call for do not "
                              "fit; raise it by as much at least, or relax another blocker"
                            : "no answer meets it together with the other limits; lower it by as "
                              "much at least, or relax another blocker");
        }
        return !result_.blockers.empty();
    }

    /// The prices with those of closed limits higher than what all others can give back or cost.
    static std::vector<double> closing_only(const QuotaProblem& p, std::vector<double> prices) {
        double high = 1;
        for (const double price : prices) high += 2 * std::fabs(price);
        for (std::size_t r = 0; r < p.limits(); ++r) {
            if (p.most(r) <= 0) prices[r] = high;
        }
        return prices;
    }

    // ---- answers ----

    void block(Blocker::Kind kind, std::size_t index, std::int64_t shortfall, std::string reason) {
        result_.blockers.push_back(
            {kind, static_cast<std::uint32_t>(index), shortfall, std::move(reason)});
    }
    void block_limit(std::size_t r, std::int64_t shortfall, const std::string& reason) {
        if (r < m_) {
            block(Blocker::Kind::adviser, r, shortfall, "capacity or minimum load: " + reason);
            return;
        }
        const std::string& name = limits_.quotas[r - m_].name;
        block(Blocker::Kind::quota, r - m_, shortfall,
              "quota" + (name.empty() ? "" : " " + name) + ": " + reason);
    }

    void take(const QuotaProblem& p, const QuotaSearch& search) {
        result_.pairs = limits_.pinned;
        for (std::size_t i = 0; i < p.firms(); ++i) {
            if (const AdviserId j = search.adviser(i); j.known())
                result_.pairs.push_back({FirmId(i), j});
        }
        std::sort(result_.pairs.begin(), result_.pairs.end());
        take_prices();
        Certificate& c = result_.certificate;
        c.objective = objective_of(source_, result_.pairs, options_.threads);
        c.bound = bound_;
        c.seconds = control_.elapsed();
        const Status wanted = status_for(c.gap(), options_.gap);
        const bool reached = search.lawful() && wanted != Status::time_limit;
        c.status = reached ? wanted : control_.stop_status();
        if (!search.lawful()) name_what_is_not_kept(p, search);
        control_.report("assign", 1);
    }

    void take_prices() {
        const auto quota = proof_.begin() + static_cast<std::ptrdiff_t>(m_);
        result_.prices.assign(proof_.begin(), quota);
        result_.quota_prices.assign(quota, proof_.end());
    }

    void name_what_is_not_kept(const QuotaProblem& p, const QuotaSearch& search) {
        for (std::size_t r = 0; r < p.limits(); ++r) {
            const std::int64_t over = search.count(r) - p.most(r);
            const std::int64_t under = p.least(r) - search.count(r);
            if (over <= 0 && under <= 0) continue;
            block_limit(r, std::max(over, under),
                        "the search found no answer that keeps it, and no proof that there is "
                        "none; give more time or relax it");
        }
    }

    AssignmentResult infeasible() {
        result_.pairs.clear();
        // A relaxation for the limits without quotas need not be one with them.
        result_.relaxation.clear();
        result_.relaxed_pairs.clear();
        take_prices();
        result_.certificate = {};
        result_.certificate.status = Status::infeasible;
        result_.certificate.seconds = control_.elapsed();
        return std::move(result_);
    }

    static constexpr int most_rounds = 12;
    static constexpr double tie_share = 0.05;  ///< of the gap that breaking ties may cost
    static constexpr std::size_t width_around_quotas = 2;
    static constexpr std::size_t few_pairs = 2'000'000;  ///< so many are all kept at hand

    const PairSource& source_;
    const AssignmentLimits& limits_;
    const AssignmentOptions& options_;
    const PlainAssigner& plain_;
    Control& control_;
    std::size_t m_;
    std::vector<double> prices_, best_prices_;  ///< of all limits
    std::vector<double> proof_;                 ///< the prices of the claim, of all limits
    double bound_ = 0;                          ///< that they prove
    double pinned_ = 0;
    double tie_ = 0;  ///< by how much ties were broken at most
    AssignmentResult result_;
};

}  // namespace detail

/// Solves an assignment with quotas; `plain` solves it without, for prices to begin with.
[[nodiscard]] inline AssignmentResult assign_with_quotas(const PairSource& source,
                                                         const AssignmentLimits& limits,
                                                         const AssignmentOptions& options,
                                                         const detail::PlainAssigner& plain,
                                                         Control& control) {
    return detail::QuotaAssigner(source, limits, options, plain, control).solve();
}

}  // namespace libmatch
