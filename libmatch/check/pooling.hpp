// The judge of pooling: recomputes lawfulness, objective, bound and gap from the problem and the
// answer.
//
// Groups are checked one by one, sites and pairs over all of them. Prices prove the bound when no
// lawful group is worth more than the prices of its members and of its site; the judge asks this of
// every seat under every rule, by a bound of its own (pool_seat.hpp). What is said of firms left
// out is recomputed too (pool_left_out.hpp).
//
// Complexity: O(pairs in reach log) while bounds settle; a seat that `most_trials` do not settle is
// a violation. It shares no code with any solver. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include <libmatch/check/pool_case.hpp>
#include <libmatch/check/pool_left_out.hpp>
#include <libmatch/check/pool_seat.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/pooling.hpp>
#include <libmatch/model/pooling_faults.hpp>

namespace libmatch::check {

namespace detail {

class PoolJudge {
  public:
    PoolJudge(const PoolProblem& problem, const PoolResult& claim, double tolerance,
              std::string stage, unsigned threads)
        : problem_(problem),
          claim_(claim),
          tolerance_(tolerance),
          stage_(std::move(stage)),
          threads_(threads) {}

    Verdict judge() {
        found_.stage = stage_;
        if (const auto faults = faults_of(problem_); !faults.empty()) {
            for (const Fault& fault : faults) fail("problem", fault.text());
            verdict_.stages.push_back(found_);
            return std::move(verdict_);
        }
        judge_groups();
        judge_sites();
        judge_pairs();
        judge_reasons();
        judge_prices();
        judge_claims();
        verdict_.stages.push_back(found_);
        return std::move(verdict_);
    }

  private:
    [[nodiscard]] static std::string figure(double x) {
        std::ostringstream out;
        out.precision(12);
        out << x;
        return out.str();
    }

    void fail(std::string subject, std::string text) {
        verdict_.fail(stage_, std::move(subject), std::move(text));
    }

    /// The largest figure that a group's worth is made of.
    [[nodiscard]] double scale() const {
        double most = problem_.value.empty() ? 1 : 0;
        for (const double v : problem_.value) most = std::max(most, std::fabs(v));
        for (const PoolRule& keyed : problem_.rules)
            most = std::max(most, std::fabs(keyed.rule.opening_cost));
        return most;
    }

    void judge_groups() {
        const std::size_t n = problem_.amount.size();
        std::vector<std::size_t> group_of(n, claim_.groups.size());
        ExactSum objective;
        for (std::size_t g = 0; g < claim_.groups.size(); ++g) {
            const PoolGroup& group = claim_.groups[g];
            const std::string subject = "group " + std::to_string(g);
            bool known = true;
            for (const FirmId i : group.members) {
                if (i >= n) {
                    fail(subject, "member " + std::to_string(i.value) + " does not exist");
                    known = false;
                } else if (group_of[i] != claim_.groups.size()) {
                    fail(subject, "firm " + std::to_string(i.value) + " is also in group " +
                                      std::to_string(group_of[i]));
                } else {
                    group_of[i] = g;
                }
            }
            if (group.rule >= problem_.rules.size()) {
                fail(subject, "rule " + std::to_string(group.rule) + " does not exist");
                known = false;
            }
            if (known) judge_group(group, subject, objective);
        }
        found_.objective = objective.down();
        pooled_.assign(n, 0);
        for (std::size_t i = 0; i < n; ++i) pooled_[i] = group_of[i] != claim_.groups.size();
        group_of_ = std::move(group_of);
    }

    void judge_sites() {
        std::vector<double> meetings(problem_.sites.size(), 0);
        for (std::size_t g = 0; g < claim_.groups.size(); ++g) {
            const PoolGroup& group = claim_.groups[g];
            if (group.rule >= problem_.rules.size() || !problem_.at_sites(group.rule) ||
                group.seat >= problem_.sites.size())
                continue;
            meetings[group.seat] += 1;
            if (static_cast<double>(group.members.size()) > problem_.seats_at(group.seat)) {
                fail("group " + std::to_string(g),
                     std::to_string(group.members.size()) + " members; site " +
                         std::to_string(group.seat) + " has " +
                         figure(problem_.seats_at(group.seat)) + " seats");
            }
        }
        for (std::size_t s = 0; s < meetings.size(); ++s) {
            if (meetings[s] > problem_.sessions_at(s)) {
                fail("site " + std::to_string(s),
                     figure(meetings[s]) + " groups meet there, it has " +
                         figure(problem_.sessions_at(s)) + " sessions");
            }
        }
    }

    void judge_pairs() {
        const auto name_of = [](const PoolPair& pair) {
            return "firms " + std::to_string(pair.a.value) + " and " + std::to_string(pair.b.value);
        };
        for (const PoolPair& pair : problem_.together) {
            if (group_of_[pair.a] != group_of_[pair.b])
                fail(name_of(pair), "they must stay together, yet are not in one group");
        }
        for (const PoolPair& pair : problem_.apart) {
            if (pooled_[pair.a] && group_of_[pair.a] == group_of_[pair.b]) {
                fail(name_of(pair), "they must be kept apart, yet are both in group " +
                                        std::to_string(group_of_[pair.a]));
            }
        }
    }

    /// Names what is unlawful in one group, and adds its value.
    void judge_group(const PoolGroup& group, const std::string& subject, ExactSum& objective) {
        const PoolRule& keyed = problem_.rules[group.rule];
        const DossierRule& rule = keyed.rule;
        double sum = 0;
        for (const FirmId i : group.members) {
            sum += problem_.amount[i];
            if (keyed.cell_of(i) == PoolRule::no_cell) {
                fail(subject,
                     "firm " + std::to_string(i.value) + " is not under rule " + rule.name);
            } else if (keyed.cell_of(i) != keyed.cell_of(group.members.front())) {
                fail(subject, "firm " + std::to_string(i.value) +
                                  " does not share the keys of rule " + rule.name + " with firm " +
                                  std::to_string(group.members.front().value));
            }
        }
        const auto members = static_cast<std::int64_t>(group.members.size());
        if (members < rule.min_members || members > rule.max_members) {
            fail(subject, std::to_string(members) + " members; rule " + rule.name + " allows " +
                              std::to_string(rule.min_members) + " to " +
                              std::to_string(rule.max_members));
        }
        if (sum < rule.lowest_sum()) {
            fail(subject,
                 "the sum " + figure(sum) + " is under the minimum " + figure(rule.min_sum));
        }
        if (sum > rule.highest_sum()) {
            fail(subject,
                 "the sum " + figure(sum) + " is over the maximum " + figure(rule.max_sum));
        }
        const bool sites = problem_.at_sites(group.rule);
        if (sites && group.seat >= problem_.sites.size()) {
            fail(subject, "site " + std::to_string(group.seat) + " does not exist");
            return;
        }
        if (!sites && std::find(group.members.begin(), group.members.end(), FirmId(group.seat)) ==
                          group.members.end()) {
            fail(subject, "the seat, firm " + std::to_string(group.seat) + ", is no member");
            if (group.seat >= problem_.amount.size()) return;
        }
        const auto add = [&](double term) {
            objective.add(term);
            size_ += std::fabs(term);
        };
        add(-rule.opening_cost);
        for (const FirmId i : group.members) {
            add(problem_.value_of(i));
            if (problem_.metric == Metric::none) continue;
            const double far = case_.km(problem_.place[i], case_.place(group));
            objective.add_product(-rule.cost_per_km, far);
            travel_ += rule.cost_per_km * far;
            if (far > rule.max_radius_km + 1e-9 * std::max(case_.least_km(), rule.max_radius_km)) {
                fail(subject, "firm " + std::to_string(i.value) + " is " + figure(far) +
                                  " km from the seat; rule " + rule.name + " allows " +
                                  figure(rule.max_radius_km));
            }
        }
    }

    /// Reasons are words about firms left out; a claim may come without any.
    void judge_reasons() {
        const std::size_t n = problem_.amount.size();
        if (!claim_.reasons.empty() && claim_.reasons.size() != n) {
            fail("reasons", std::to_string(claim_.reasons.size()) + " reasons for " +
                                std::to_string(n) + " firms");
        }
        for (std::size_t i = 0; i < std::min(n, claim_.reasons.size()); ++i) {
            if ((claim_.reasons[i] == PoolReason::pooled) != (pooled_[i] != 0)) {
                fail("firm " + std::to_string(i), std::string("the reason given is '") +
                                                      name(claim_.reasons[i]) + "', yet it is " +
                                                      (pooled_[i] ? "in a group" : "in no group"));
            }
        }
        if (!verdict_.ok()) return;  // what is said of firms left out refers to lawful groups
        for (auto& [subject, text] : LeftOutJudge(case_, claim_, threads_).complaints())
            fail(std::move(subject), std::move(text));
    }

    void judge_prices() {
        const std::size_t n = problem_.amount.size();
        if (claim_.prices.size() != n) {
            fail("prices", std::to_string(claim_.prices.size()) + " prices for " +
                               std::to_string(n) + " firms");
            found_.bound = std::numeric_limits<double>::infinity();
            return;
        }
        ExactSum bound;
        bool finite = true;
        for (std::size_t i = 0; i < n; ++i) {
            if (!std::isfinite(claim_.prices[i]) || claim_.prices[i] < 0) {
                fail("firm " + std::to_string(i),
                     "its price " + figure(claim_.prices[i]) + " is not a number of at least 0");
                finite = false;
            } else {
                bound.add(claim_.prices[i]);
            }
        }
        const std::size_t sites = claim_.site_prices.size();
        if (sites != 0 && sites != problem_.sites.size()) {
            fail("prices of sites", std::to_string(sites) + " prices for " +
                                        std::to_string(problem_.sites.size()) + " sites");
            found_.bound = std::numeric_limits<double>::infinity();
            return;
        }
        for (std::size_t s = 0; s < sites; ++s) {
            const double price = claim_.site_prices[s];
            const bool limited = std::isfinite(problem_.sessions_at(s));
            if (!std::isfinite(price) || price < 0 || (price > 0 && !limited)) {
                fail("site " + std::to_string(s),
                     "its price " + figure(price) +
                         (limited ? " is not a number of at least 0"
                                  : " is not 0, yet its sessions have no limit"));
                finite = false;
            } else if (limited) {
                bound.add_product(price, problem_.sessions_at(s));
            }
        }
        found_.bound = bound.up();
        if (!finite) return;
        for (std::size_t k = 0; k < problem_.rules.size(); ++k) judge_rule(k);
    }

    /// Which places may lie within a radius of a seat, by their second coordinate alone: a degree
    /// of longitude is at least cos(latitude) times one of latitude long, at the latitude farthest
    /// from the equator that the radius reaches. On a sphere only away from the poles and the date
    /// line, and over few degrees, where an arc is hardly longer than its chord.
    class Reach {
      public:
        Reach(Metric metric, PoolPlace seat, double radius) : seat_(seat.b) {
            if (metric == Metric::plane) width_ = radius + 1e-6;
            const double farthest = std::fabs(seat.a) + radius / 111.0 + 1e-6;
            if (metric != Metric::sphere || !(farthest < 80)) return;
            const double degree = 111.0 * std::cos(farthest * std::numbers::pi / 180);
            const double width = radius / degree + 1e-6;
            if (width < 10 && std::fabs(seat.b) + width < 180) width_ = width;
        }
        [[nodiscard]] bool may_hold(PoolPlace p) const {
            return !(std::fabs(p.b - seat_) > width_);
        }

      private:
        double seat_;
        double width_ = HUGE_VAL;
    };

    /// A seat of one rule: firms in `order` from `first` to `last` are in its cell.
    struct SeatRange {
        std::size_t first = 0, last = 0;
        PoolPlace at;
        std::string name;
        bool of_member = false;
        std::size_t site = 0;  ///< where the rule meets at sites
    };

    void judge_rule(std::size_t k) {
        const PoolRule& keyed = problem_.rules[k];
        const std::vector<FirmId> order = case_.firms_under(keyed);
        std::vector<SeatRange> seats;
        for (std::size_t first = 0; first < order.size();) {
            std::size_t last = first;
            while (last < order.size() &&
                   keyed.cell_of(order[last]) == keyed.cell_of(order[first])) {
                ++last;
            }
            add_seats(k, order, first, last, seats);
            first = last;
        }
        constexpr std::size_t chunk = 64;
        std::vector<std::vector<Violation>> found((seats.size() + chunk - 1) / chunk);
        parallel_chunks(seats.size(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
            SeatQuestion question;
            question.rule = &keyed.rule;
            question.parties = &case_.parties;
            question.tolerance = tolerance_ * scale_;
            for (std::size_t s = begin; s < end; ++s) {
                judge_seat(k, seats[s], order, question, found[begin / chunk]);
            }
        });
        for (auto& part : found) {
            for (Violation& v : part) verdict_.violations.push_back(std::move(v));
        }
    }

    void add_seats(std::size_t k, const std::vector<FirmId>& order, std::size_t first,
                   std::size_t last, std::vector<SeatRange>& seats) const {
        if (problem_.metric == Metric::none) {
            seats.push_back(
                {first, last, {}, "the cell of firm " + std::to_string(order[first].value), false});
            return;
        }
        const bool sites = problem_.at_sites(k);
        for (std::size_t s = 0; sites && s < problem_.sites.size(); ++s) {
            seats.push_back({first, last, problem_.sites[s],
                             "site " + std::to_string(s) + " for the cell of firm " +
                                 std::to_string(order[first].value),
                             false, s});
        }
        for (std::size_t p = first; !sites && p < last; ++p) {
            const PoolPlace at = problem_.place[order[p]];
            if (p > first) {
                const PoolPlace before = problem_.place[order[p - 1]];
                if (before.a == at.a && before.b == at.b) continue;
            }
            seats.push_back({first, last, at, "firm " + std::to_string(order[p].value), true});
        }
    }

    void judge_seat(std::size_t k, const SeatRange& seat, const std::vector<FirmId>& order,
                    SeatQuestion& question, std::vector<Violation>& found) const {
        const DossierRule& rule = *question.rule;
        question.needs_home = seat.of_member;
        question.most = static_cast<std::int64_t>(case_.most(k, seat.site));
        question.opening_cost = rule.opening_cost;
        if (problem_.at_sites(k) && !claim_.site_prices.empty())
            question.opening_cost += claim_.site_prices[seat.site];
        question.items.clear();
        auto from = order.begin() + static_cast<std::ptrdiff_t>(seat.first);
        auto to = order.begin() + static_cast<std::ptrdiff_t>(seat.last);
        if (problem_.metric != Metric::none && std::isfinite(rule.max_radius_km)) {
            // Firms of a cell are in the order of their first coordinate: a degree of latitude is
            // at least 111 km on the sphere.
            const double width =
                rule.max_radius_km / (problem_.metric == Metric::sphere ? 111.0 : 1.0) + 1e-6;
            from = std::lower_bound(from, to, seat.at.a - width,
                                    [&](FirmId i, double a) { return problem_.place[i].a < a; });
            to = std::upper_bound(from, to, seat.at.a + width,
                                  [&](double a, FirmId i) { return a < problem_.place[i].a; });
        }
        const Reach reach(problem_.metric, seat.at, rule.max_radius_km);
        PoolPlace at;
        double far = 0;
        bool near = false;
        for (auto p = from; p != to; ++p) {  // firms of one place follow each other
            const FirmId i = *p;
            const PoolPlace place = case_.place(i);
            if (p == from || place.a != at.a || place.b != at.b) {
                at = place;
                near = reach.may_hold(at);
                if (near) far = case_.km(at, seat.at);
                near = near && far <= rule.max_radius_km;
            }
            if (!near) continue;
            question.items.push_back(
                {i, problem_.value_of(i) - rule.cost_per_km * far - claim_.prices[i],
                 problem_.amount[i], at.a == seat.at.a && at.b == seat.at.b, case_.parties.of(i)});
        }
        switch (question.ask()) {
            case SeatQuestion::Answer::no:
                return;
            case SeatQuestion::Answer::yes: {
                std::string members;
                for (const FirmId i : question.found()) {
                    members += (members.empty() ? "" : ", ") + std::to_string(i.value);
                }
                found.push_back({stage_, seat.name,
                                 "under rule " + rule.name + " the lawful group {" + members +
                                     "} is worth " + figure(question.excess()) +
                                     " more than the prices of its members" +
                                     (problem_.at_sites(k) ? " and its site" : "")});
                return;
            }
            case SeatQuestion::Answer::undecided:
                found.push_back({stage_, seat.name,
                                 "under rule " + rule.name +
                                     " it could not be proven that no group is worth more than the "
                                     "prices of its members"});
        }
    }

    void judge_claims() {
        const Certificate& claim = claim_.certificate;
        // Distances on a sphere come from sines, which each library rounds its own way.
        const double highest =
            found_.objective + (problem_.metric == Metric::sphere ? 1e-12 * travel_ : 0);
        if (!(claim.objective <= highest) ||
            !(claim.objective >= found_.objective - 1e-9 * (size_ + travel_))) {
            fail("objective", figure(claim.objective) + " is claimed, " + figure(found_.objective) +
                                  " is found");
        }
        if (!(claim.bound >= found_.bound && claim.bound <= found_.bound * (1 + 1e-9))) {
            fail("bound",
                 figure(claim.bound) + " is claimed, the prices sum to " + figure(found_.bound));
        }
        const double room = tolerance_ * std::max(scale_, std::fabs(found_.bound));
        if (found_.objective > found_.bound + room) {
            fail("bound", "the objective " + figure(found_.objective) + " is above the bound " +
                              figure(found_.bound));
        }
        if (claim.status == Status::optimal && found_.bound - found_.objective > room) {
            fail("status", "optimal is claimed, yet the gap is " + figure(found_.gap()));
        }
        if (claim.status == Status::infeasible) {
            fail("status", "infeasible is claimed, yet leaving every firm out is always lawful");
        }
    }

    const PoolProblem& problem_;
    const PoolResult& claim_;
    PoolCase case_{problem_};
    double tolerance_;
    std::string stage_;
    unsigned threads_;
    double scale_ = scale();
    double size_ = 0, travel_ = 0;  ///< sums of the groups' figures and of their travel, in size
    StageVerdict found_;
    std::vector<char> pooled_;
    std::vector<std::size_t> group_of_;  ///< by firm; the number of groups = none
    Verdict verdict_;
};

}  // namespace detail

/// Judges groups, prices and claims. `tolerance` is per unit of the largest value or opening cost:
/// what a group may exceed its members' prices by through rounding. Claimed figures get none: a
/// bound under the sum of the prices is refused, and an objective above that of the groups.
[[nodiscard]] inline Verdict verify(const PoolProblem& problem, const PoolResult& result,
                                    double tolerance = 1e-9, std::string stage = "pool",
                                    unsigned threads = 0) {
    return detail::PoolJudge(problem, result, tolerance, std::move(stage), threads).judge();
}

}  // namespace libmatch::check
