// The front door of assignment: from a source of pairs and limits to a proven answer.
//
// Method: lists of the best candidates -> capacitated auction with lists renewed at current prices
// until nobody is left to ask -> certificate over all pairs -> if the gap is still open, or an
// exact answer is asked, improving cycles in whole units on the pairs that are likely to matter,
// renewed until no pair of the full problem objects. Likely to matter: net value near the firm's
// best choice; beyond bound - objective it is even proven that no optimal answer uses the pair
// (reduced-cost fixing), so exact problems stay small. Minimum loads, minimum demands and demands
// over 1 go to the exact method directly, with all pairs. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/auction.hpp>
#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/exact.hpp>
#include <libmatch/assign/feasibility.hpp>
#include <libmatch/assign/hours.hpp>
#include <libmatch/core/error.hpp>
#include <libmatch/model/assignment_faults.hpp>

namespace libmatch {
namespace detail {

class Assigner {
  public:
    Assigner(const PairSource& source, const AssignmentLimits& limits,
             const AssignmentOptions& options, Control& control)
        : source_(source),
          limits_(limits),
          options_(options),
          control_(control),
          n_(source.firms()),
          m_(source.advisers()) {}

    AssignmentResult solve() {
        auto faults = faults_of(limits_, n_, m_);
        if (!faults.empty()) throw InputError(std::move(faults));
        if (!pins_hold()) return infeasible();

        bool proven = false;
        if (only_capacities()) {
            auction();
            proven = !options_.exact && gap() <= options_.gap;
        } else {
            result_.prices.assign(m_, 0.0);
            result_.pairs = limits_.pinned;
            certify(0);
        }
        if (!proven && !control_.stop()) proven = exact();
        if (!result_.blockers.empty()) return infeasible();

        Certificate& c = result_.certificate;
        c.seconds = control_.elapsed();
        c.status = proven ? status_for(c.gap(), options_.gap) : control_.stop_status();
        control_.report("assign", 1);
        return std::move(result_);
    }

  private:
    // ---- what kind of problem this is ----

    [[nodiscard]] bool only_capacities() const {
        const auto positive = [](auto x) { return x > 0; };
        return std::none_of(limits_.min_load.begin(), limits_.min_load.end(), positive) &&
               std::none_of(limits_.min_demand.begin(), limits_.min_demand.end(), positive) &&
               std::none_of(limits_.demand.begin(), limits_.demand.end(),
                            [](auto d) { return d > 1; });
    }

    /// Pins must be eligible and fit; otherwise they are the blockers.
    bool pins_hold() {
        std::vector<std::int64_t> load(m_, 0);
        std::vector<std::int32_t> degree(n_, 0);
        for (std::size_t k = 0; k < limits_.pinned.size(); ++k) {
            const Pair& p = limits_.pinned[k];
            const auto block = [&](std::string reason) {
                result_.blockers.push_back(
                    {Blocker::Kind::pin, static_cast<std::uint32_t>(k), 1, std::move(reason)});
            };
            if (!source_.eligible(p.firm, p.adviser)) {
                block(source_.reason(p.firm, p.adviser) + "; drop the pin or change the rule");
            } else if (++load[p.adviser] > limits_.capacity[p.adviser]) {
                block(
                    "more firms are pinned to the adviser than its capacity; drop pins or raise "
                    "it");
            } else if (++degree[p.firm] > limits_.demand_of(p.firm)) {
                block(
                    "more advisers are pinned to the firm than its demand; drop pins or raise it");
            }
        }
        return result_.blockers.empty();
    }

    // ---- the fast way ----

    void auction() {
        std::vector<std::int64_t> room = limits_.capacity;
        std::vector<char> pinned(n_, 0);
        for (const Pair& p : limits_.pinned) {
            --room[p.adviser];
            pinned[p.firm] = 1;
        }
        std::vector<FirmId> free;
        for (std::size_t i = n_; i-- > 0;) {
            if (pinned[i] == 0 && limits_.demand_of(FirmId(i)) > 0) free.emplace_back(i);
        }
        CandidateLists lists(
            n_, std::clamp<std::size_t>(static_cast<std::size_t>(options_.candidates), 2,
                                        std::max<std::size_t>(m_, 2)));
        const std::vector<double> zero(m_, 0.0);
        control_.report("assign", 0);
        source_.best(free, zero, lists, options_.threads, control_);

        double highest = 0;
        Sum total;
        std::size_t wanted = 0;
        for (const FirmId i : free) {
            if (lists.of(i).empty()) continue;
            const double top = static_cast<double>(lists.of(i)[0].value);
            highest = std::max(highest, top);
            if (top <= 0) continue;
            total.add(top);
            ++wanted;
        }
        const double mean = wanted > 0 ? total.value() / static_cast<double>(wanted) : 0;
        result_.prices = zero;
        result_.pairs = limits_.pinned;
        // Coarse steps find the height of the prices with few bids; each finer auction starts a
        // little below the prices of the one before. The exact mode only wants a good start.
        const double asked = options_.exact ? 1e-6 : std::max(options_.gap, 1e-9);
        const std::uint64_t max_bids = 10'000 + bids_per_firm * free.size();
        double epsilon = mean * first_epsilon, drop = first_drop;
        std::vector<double> start = zero;
        for (int attempt = 0; attempt < max_attempts && mean > 0; ++attempt) {
            if (attempt > 0) renew(lists, free, start);
            // Single-precision values sit within one rounding of the true ones; so must prices of
            // nothing.
            Auction round(lists, room, start, highest * (1 + 1e-6) + epsilon, max_bids);
            std::vector<FirmId> queue = free;
            while (!queue.empty() && !control_.stop() && !round.gave_up()) {
                auto left = round.run(std::move(queue), epsilon, control_);
                source_.best(left, round.prices(), lists, options_.threads, control_);
                queue = std::move(left);
                std::reverse(queue.begin(), queue.end());
            }
            // The coarser answer serves those who stop here, and the exact method where ties make
            // an auction crawl.
            const bool ended = !control_.stop() && !round.gave_up();
            if (ended || attempt == 0) take(round);
            if (!ended) break;
            if (epsilon <= worth_a_proof * asked * mean) {
                certify(0);
                if (gap() <= asked) return;
            }
            // Empty seats that bear a price: the start was too high.
            const bool too_high = round.empties_bear_prices();
            if (too_high) drop *= 4;
            start = round.prices_below(drop * epsilon);
            if (!too_high) epsilon /= epsilon_step;
        }
        if (mean > 0) certify(0);
        if (mean <= 0 || result_.certificate.bound == 0) {
            close_empty_seats(room, highest);
            certify(0);
        }
    }

    /// Advisers without seats get a price that no firm would pay, so that the bound does not count
    /// them.
    void close_empty_seats(const std::vector<std::int64_t>& room, double highest) {
        for (std::size_t j = 0; j < m_; ++j) {
            if (room[j] == 0 && limits_.capacity[j] == 0) {
                result_.prices[j] = std::max(result_.prices[j], highest * (1 + 1e-6));
            }
        }
    }

    void take(const Auction& round) {
        result_.prices = round.prices();
        result_.pairs = limits_.pinned;
        for (std::size_t i = 0; i < n_; ++i) {
            if (round.held(FirmId(i)).known())
                result_.pairs.push_back({FirmId(i), round.held(FirmId(i))});
        }
        std::sort(result_.pairs.begin(), result_.pairs.end());
    }

    /// Makes lists again that leave pairs out: prices may have fallen since.
    void renew(CandidateLists& lists, const std::vector<FirmId>& firms,
               const std::vector<double>& prices) {
        std::vector<FirmId> partial;
        for (const FirmId i : firms) {
            if (lists.outside(i) != -HUGE_VAL) partial.push_back(i);
        }
        source_.best(partial, prices, lists, options_.threads, control_);
    }

    // ---- the exact way ----

    bool exact() {
        const double unit = options_.unit;
        const auto firms = all_firms(n_);
        std::vector<double> threshold = exact_thresholds();
        const Control gather_all;
        std::vector<Arc> arcs =
            whole(source_.above(firms, result_.prices, threshold, options_.threads, gather_all));
        add_pins(arcs);
        const std::int64_t hard = hard_weight(arcs);
        const bool warm = !result_.pairs.empty() && only_capacities();

        std::vector<Pair> start = result_.pairs;
        std::vector<std::int64_t> prices(m_);
        for (std::size_t j = 0; j < m_; ++j) prices[j] = to_units(result_.prices[j], unit);
        bool solved = false;
        while (true) {
            ExactAssignment engine(limits_, n_, arcs, hard);
            engine.start(start, prices);
            if (!warm) engine.start_greedily();
            solved = engine.run(control_);
            start = engine.pairs();
            prices = engine.prices();
            if (solved && engine.missing_minimums() > 0) {
                result_.blockers = find_blockers(limits_, n_, arcs);
                return true;
            }
            if (!solved) break;
            std::vector<Arc> objections = find_objections(arcs, prices);
            if (objections.empty()) break;
            arcs.insert(arcs.end(), objections.begin(), objections.end());
            sort_arcs(arcs);
        }
        result_.pairs = std::move(start);
        const std::vector<double> before_exact = result_.prices;
        set_prices(prices);
        certify(unit);
        if (!solved) keep_better_prices(before_exact);
        return solved;
    }

    /// Only a minimum load can make a price negative. Elsewhere a negative price means that nobody
    /// is held there, so a price of 0 proves at least as much.
    void set_prices(const std::vector<std::int64_t>& units) {
        for (std::size_t j = 0; j < m_; ++j) {
            const bool may_be_negative = limits_.min_load_of(AdviserId(j)) > 0;
            result_.prices[j] =
                static_cast<double>(may_be_negative ? units[j]
                                                    : std::max<std::int64_t>(0, units[j])) *
                options_.unit;
        }
    }

    /// A search that was stopped can leave prices that prove less than the ones it began with.
    void keep_better_prices(const std::vector<double>& others) {
        const AssignmentResult reached = result_;
        std::vector<std::int64_t> units(m_);
        for (std::size_t j = 0; j < m_; ++j) units[j] = to_units(others[j], options_.unit);
        set_prices(units);
        certify(options_.unit);
        if (reached.certificate.bound < result_.certificate.bound) result_ = reached;
    }

    /// Net value that a pair needs at the auction's prices to matter in an optimal answer.
    [[nodiscard]] std::vector<double> exact_thresholds() {
        std::vector<double> threshold(n_, -HUGE_VAL);
        if (!only_capacities() || result_.pairs.empty()) return threshold;
        const double open =
            std::max(0.0, result_.certificate.bound - result_.certificate.objective);
        const auto served = static_cast<double>(std::max<std::size_t>(result_.pairs.size(), 1));
        // 2 x open would be proven; far less serves nearly all firms, and the others will object.
        const double slack =
            std::min(2 * open, 64 * open / served) + 4 * options_.unit * (1 + served / 1000);
        const auto firms = all_firms(n_);
        CandidateLists top(n_, 1);
        const Control gather_all;
        source_.best(firms, result_.prices, top, options_.threads, gather_all);
        for (const FirmId i : firms) {
            double best = 0;
            for (const Candidate& c : top.of(i)) {
                best = std::max(best, source_.utility(i, c.adviser) - result_.prices[c.adviser]);
            }
            threshold[i] = best - slack;
        }
        return threshold;
    }

    /// Pairs outside `arcs` that a firm would prefer to its best choice inside, at these prices.
    [[nodiscard]] std::vector<Arc> find_objections(const std::vector<Arc>& arcs,
                                                   const std::vector<std::int64_t>& prices) const {
        const double unit = options_.unit;
        std::vector<double> real(m_), threshold(n_, 0.0);
        for (std::size_t j = 0; j < m_; ++j) real[j] = static_cast<double>(prices[j]) * unit;
        std::vector<std::vector<std::int64_t>> nets(n_);
        for (const Arc& a : arcs) nets[a.firm].push_back(a.value - prices[a.adviser]);
        std::vector<std::int64_t> best(n_, 0);
        for (std::size_t i = 0; i < n_; ++i) {
            const auto wanted = static_cast<std::size_t>(limits_.demand_of(FirmId(i)));
            const auto least = static_cast<std::size_t>(limits_.min_demand_of(FirmId(i)));
            std::sort(nets[i].begin(), nets[i].end(), std::greater<>());
            if (wanted == 0) {
                threshold[i] = HUGE_VAL;
                continue;
            }
            const bool enough = nets[i].size() >= wanted;
            const std::int64_t last =
                enough ? nets[i][wanted - 1] : std::numeric_limits<std::int64_t>::min();
            best[i] = least >= wanted ? last : std::max<std::int64_t>(last, 0);
            threshold[i] = best[i] == std::numeric_limits<std::int64_t>::min()
                               ? -HUGE_VAL
                               : static_cast<double>(best[i]) * unit - unit;
        }
        const Control gather_all;
        const auto firms = all_firms(n_);
        std::vector<Arc> found =
            whole(source_.above(firms, real, threshold, options_.threads, gather_all));
        std::erase_if(found, [&](const Arc& a) {
            return a.value - prices[a.adviser] <= best[a.firm] ||
                   std::binary_search(arcs.begin(), arcs.end(), a, before);
        });
        return found;
    }

    static bool before(const Arc& a, const Arc& b) {
        return a.firm == b.firm ? a.adviser < b.adviser : a.firm < b.firm;
    }
    static void sort_arcs(std::vector<Arc>& arcs) {
        std::sort(arcs.begin(), arcs.end(), before);
        arcs.erase(
            std::unique(arcs.begin(), arcs.end(),
                        [](const Arc& a, const Arc& b) { return !before(a, b) && !before(b, a); }),
            arcs.end());
    }
    [[nodiscard]] std::vector<Arc> whole(const std::vector<ValuedPair>& pairs) const {
        // Beyond this the sums along a cycle could leave 64 bits.
        const auto nodes = static_cast<double>(m_ + 2);
        const double most = std::min(0x1p40, 0x1p60 / (nodes * nodes)) * options_.unit;
        std::vector<Arc> arcs;
        arcs.reserve(pairs.size());
        for (const ValuedPair& p : pairs) {
            if (std::fabs(p.value) > most) {
                throw InputError({Fault::Severity::error, "utility",
                                  static_cast<std::int64_t>(p.firm.value),
                                  std::to_string(p.adviser.value), std::to_string(p.value),
                                  "it is too large for the exact mode's unit of " +
                                      std::to_string(options_.unit),
                                  "scale the utilities down or give a larger unit"});
            }
            arcs.push_back({p.firm, p.adviser, to_units(p.value, options_.unit)});
        }
        return arcs;
    }
    void add_pins(std::vector<Arc>& arcs) const {
        for (const Pair& p : limits_.pinned) {
            arcs.push_back(
                {p.firm, p.adviser, to_units(source_.utility(p.firm, p.adviser), options_.unit)});
        }
        for (const Pair& p : result_.pairs) {
            arcs.push_back(
                {p.firm, p.adviser, to_units(source_.utility(p.firm, p.adviser), options_.unit)});
        }
        sort_arcs(arcs);
    }
    /// More than any improving path can bring; 1 when nothing is a minimum.
    [[nodiscard]] std::int64_t hard_weight(const std::vector<Arc>& arcs) const {
        std::int64_t largest = 1;
        for (const Arc& a : arcs) largest = std::max(largest, std::abs(a.value));
        // A simple cycle moves at most one firm per adviser, in and out.
        return 2 * largest * static_cast<std::int64_t>(m_ + 2);
    }

    // ---- the proof ----

    void certify(double unit) {
        Certificate& c = result_.certificate;
        c.unit = unit;
        c.objective = objective_of(source_, result_.pairs, unit);
        c.bound = bound_of(source_, limits_, result_.prices, unit, options_.threads);
    }
    [[nodiscard]] double gap() const { return result_.certificate.gap(); }

    AssignmentResult infeasible() {
        result_.pairs.clear();
        result_.prices.assign(m_, 0.0);
        result_.certificate = {};
        result_.certificate.status = Status::infeasible;
        result_.certificate.seconds = control_.elapsed();
        return std::move(result_);
    }

    static constexpr double first_epsilon = 0.1;  ///< times the mean of the best scores
    static constexpr double epsilon_step = 6;
    static constexpr double first_drop = 3;  ///< epsilons between prices and the next start
    /// The true gap is far below epsilon / mean: from this ratio on it is worth computing.
    static constexpr double worth_a_proof = 100;
    static constexpr int max_attempts = 20;
    static constexpr std::uint64_t bids_per_firm = 400;
    const PairSource& source_;
    const AssignmentLimits& limits_;
    const AssignmentOptions& options_;
    Control& control_;
    std::size_t n_, m_;
    AssignmentResult result_;
};

}  // namespace detail

/// Solves an assignment problem. Throws InputError for faulty limits; everything else is a value of
/// the result.
[[nodiscard]] inline AssignmentResult assign(const PairSource& source,
                                             const AssignmentLimits& limits,
                                             const AssignmentOptions& options, Control& control) {
    if (!limits.hours.empty()) return assign_hours(source, limits, options, control);
    return detail::Assigner(source, limits, options, control).solve();
}

}  // namespace libmatch
