// The judge of pooling: recomputes lawfulness, objective, bound and gap from the problem and the
// answer.
//
// Groups are checked one by one. Prices prove the bound when no lawful group is worth more than the
// prices of its members; the judge asks this of every seat under every rule, by a bound of its own:
// the sum limit priced by a multiplier (found by bisection), and where that leaves a doubt, by
// trying the firm in doubt in and out.
//
// Complexity: O(pairs in reach log) while bounds settle; a seat that `most_trials` do not settle is
// a violation. It shares no code with any solver. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <libmatch/check/verdict.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/geo.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/pooling.hpp>
#include <libmatch/model/pooling_faults.hpp>

namespace libmatch::check {

namespace detail {

/// Whether some lawful group at one seat is worth more than its members' prices.
class SeatQuestion {
  public:
    struct Item {
        FirmId firm;
        double worth = 0;  ///< value less travel less price
        double amount = 0;
        bool home = false;  ///< its place is the seat
    };
    enum class Answer { no, yes, undecided };
    static constexpr long most_trials = 200'000;

    const DossierRule* rule = nullptr;
    bool needs_home = false;
    double tolerance = 0;
    std::vector<Item> items;

    Answer ask() {
        state_.assign(items.size(), open);
        trials_ = most_trials;
        found_.clear();
        excess_ = 0;
        if (!needs_home) return examine();
        if (std::none_of(items.begin(), items.end(), [](const Item& i) { return i.home; })) {
            return Answer::no;
        }
        bool doubt = false;
        if (bound() <= tolerance) return Answer::no;
        for (std::size_t k = 0; k < items.size(); ++k) {
            if (!items[k].home) continue;
            state_[k] = in;  // the group's first member at home is this one
            const Answer answer = examine();
            if (answer == Answer::yes) return answer;
            doubt = doubt || answer == Answer::undecided;
            state_[k] = out;
        }
        return doubt ? Answer::undecided : Answer::no;
    }

    [[nodiscard]] const std::vector<FirmId>& found() const { return found_; }
    [[nodiscard]] double excess() const { return excess_; }

  private:
    static constexpr char open = 0, in = 1, out = 2;

    struct Choice {
        double worth = 0;
        double amount = 0;
        std::vector<char> taken;
    };

    /// The best set of lawful size by worth + mu amount; false if there is none.
    bool choose(double mu, bool by_amount, Choice& choice) {
        choice = {0, 0, std::vector<char>(items.size(), 0)};
        std::vector<std::pair<double, std::size_t>> order;
        std::int64_t members = 0;
        const auto take = [&](std::size_t k) {
            choice.worth += items[k].worth;
            choice.amount += items[k].amount;
            choice.taken[k] = 1;
            ++members;
        };
        for (std::size_t k = 0; k < items.size(); ++k) {
            if (state_[k] == in) take(k);
            if (state_[k] != open) continue;
            order.emplace_back(
                -(by_amount ? mu * items[k].amount : items[k].worth + mu * items[k].amount), k);
        }
        if (members > rule->max_members) return false;
        std::sort(order.begin(), order.end());
        for (const auto& [cost, k] : order) {
            if (members >= rule->max_members || (cost >= 0 && members >= rule->min_members)) break;
            take(k);
        }
        return members >= rule->min_members;
    }

    /// Upper bound of worth less opening cost over the groups that agree with state_. Leaves the
    /// two sets between which the sum limit falls.
    double bound() {
        const double infinity = std::numeric_limits<double>::infinity();
        differ_ = false;
        if (!choose(0, false, low_)) return -infinity;
        double best = low_.worth - rule->opening_cost;
        if (best <= tolerance) return best;
        const bool under = low_.amount < rule->lowest_sum();
        const bool over = low_.amount > rule->highest_sum();
        if (!under && !over) return best;
        const double sign = under ? 1 : -1;
        const double limit = under ? rule->lowest_sum() : rule->highest_sum();
        if (!choose(sign, true, high_)) return -infinity;
        if (sign * (high_.amount - limit) < 0) return -infinity;  // no set reaches the limit
        differ_ = true;
        double from = 0, to = 1e-9;
        Choice trial;
        const auto price = [&](double size) {
            choose(sign * size, false, trial);
            const double value = trial.worth + sign * size * (trial.amount - limit);
            best = std::min(best, value - rule->opening_cost);
            return sign * (trial.amount - limit) >= 0;
        };
        while (to < 1e12 && !price(to)) {
            from = to;
            low_ = trial;
            to *= 4;
            if (best <= tolerance) return best;
        }
        if (to < 1e12) high_ = trial;
        for (int step = 0; step < 200 && to - from > 1e-14 * to; ++step) {
            // Where the two sets are worth the same is exact, and reached in few steps; else halve.
            const double crossing =
                (low_.worth - high_.worth) / (sign * (high_.amount - low_.amount));
            const bool usable = step % 3 != 2 && crossing > from && crossing < to;
            const double middle = usable ? crossing : 0.5 * (from + to);
            const double before = best;
            const bool reached = price(middle);
            if (best <= tolerance) return best;
            (reached ? to : from) = middle;
            const bool same = trial.taken == (reached ? high_ : low_).taken;
            (reached ? high_ : low_) = trial;
            if (usable && same && best >= before - 1e-15 * std::fabs(before)) break;
        }
        return best;
    }

    [[nodiscard]] bool lawful(const Choice& choice) const {
        if (choice.amount < rule->lowest_sum() || choice.amount > rule->highest_sum()) return false;
        if (!needs_home) return true;
        for (std::size_t k = 0; k < items.size(); ++k) {
            if (choice.taken[k] && items[k].home) return true;
        }
        return false;
    }

    bool exceeds(const Choice& choice) {
        if (!lawful(choice) || choice.worth - rule->opening_cost <= tolerance) return false;
        excess_ = choice.worth - rule->opening_cost;
        found_.clear();
        for (std::size_t k = 0; k < items.size(); ++k) {
            if (choice.taken[k]) found_.push_back(items[k].firm);
        }
        std::sort(found_.begin(), found_.end());
        return true;
    }

    Answer examine() {
        if (bound() <= tolerance) return Answer::no;
        if (exceeds(low_) || (differ_ && exceeds(high_))) return Answer::yes;
        if (--trials_ < 0) return Answer::undecided;
        std::size_t doubt = items.size();
        for (std::size_t k = 0; k < items.size(); ++k) {
            if (state_[k] != open) continue;
            if (differ_ && low_.taken[k] == high_.taken[k]) continue;
            if (doubt == items.size() || items[k].amount > items[doubt].amount) doubt = k;
        }
        if (doubt == items.size())
            return Answer::no;  // all is decided, and the one set is not lawful
        bool undecided = false;
        for (const char decision : {in, out}) {
            state_[doubt] = decision;
            const Answer answer = examine();
            state_[doubt] = open;
            if (answer == Answer::yes) return answer;
            undecided = undecided || answer == Answer::undecided;
        }
        return undecided ? Answer::undecided : Answer::no;
    }

    std::vector<char> state_;
    Choice low_, high_;
    bool differ_ = false;
    long trials_ = 0;
    std::vector<FirmId> found_;
    double excess_ = 0;
};

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

    [[nodiscard]] double km(PoolPlace p, PoolPlace q) const {
        if (problem_.metric == Metric::none) return 0;
        if (problem_.metric == Metric::plane) return std::hypot(p.a - q.a, p.b - q.b);
        return distance_km(LatLon{p.a, p.b}, LatLon{q.a, q.b});
    }

    /// What distances are measured by: on a sphere their rounding is that of its radius.
    [[nodiscard]] double least_km() const { return problem_.metric == Metric::sphere ? 1.0 : 0.0; }

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
        const bool sites = !problem_.sites.empty();
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
            const double far = km(problem_.place[i],
                                  sites ? problem_.sites[group.seat] : problem_.place[group.seat]);
            objective.add_product(-rule.cost_per_km, far);
            travel_ += rule.cost_per_km * far;
            if (far > rule.max_radius_km + 1e-9 * std::max(least_km(), rule.max_radius_km)) {
                fail(subject, "firm " + std::to_string(i.value) + " is " + figure(far) +
                                  " km from the seat; rule " + rule.name + " allows " +
                                  figure(rule.max_radius_km));
            }
        }
    }

    /// Reasons are words about firms left out; a claim may come without any.
    void judge_reasons() {
        if (claim_.reasons.empty()) return;
        const std::size_t n = problem_.amount.size();
        if (claim_.reasons.size() != n) {
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
        found_.bound = bound.up();
        if (!finite) return;
        for (std::size_t k = 0; k < problem_.rules.size(); ++k) judge_rule(k);
    }

    /// A seat of one rule: firms in `order` from `first` to `last` are in its cell.
    struct SeatRange {
        std::size_t first = 0, last = 0;
        PoolPlace at;
        std::string name;
        bool of_member = false;
    };

    void judge_rule(std::size_t k) {
        const PoolRule& keyed = problem_.rules[k];
        const bool placed = problem_.metric != Metric::none;
        std::vector<FirmId> order;
        for (std::size_t i = 0; i < problem_.amount.size(); ++i) {
            if (keyed.cell_of(FirmId(i)) != PoolRule::no_cell &&
                problem_.amount[i] <= keyed.rule.highest_sum()) {
                order.emplace_back(i);
            }
        }
        const auto key = [&](FirmId i) {
            const PoolPlace at = placed ? problem_.place[i] : PoolPlace{};
            return std::tuple(keyed.cell_of(i), at.a, at.b, i.value);
        };
        std::sort(order.begin(), order.end(), [&](FirmId i, FirmId j) { return key(i) < key(j); });
        std::vector<SeatRange> seats;
        for (std::size_t first = 0; first < order.size();) {
            std::size_t last = first;
            while (last < order.size() &&
                   keyed.cell_of(order[last]) == keyed.cell_of(order[first])) {
                ++last;
            }
            add_seats(order, first, last, seats);
            first = last;
        }
        constexpr std::size_t chunk = 64;
        std::vector<std::vector<Violation>> found((seats.size() + chunk - 1) / chunk);
        parallel_chunks(seats.size(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
            SeatQuestion question;
            question.rule = &keyed.rule;
            question.tolerance = tolerance_ * scale_;
            for (std::size_t s = begin; s < end; ++s) {
                judge_seat(seats[s], order, question, found[begin / chunk]);
            }
        });
        for (auto& part : found) {
            for (Violation& v : part) verdict_.violations.push_back(std::move(v));
        }
    }

    void add_seats(const std::vector<FirmId>& order, std::size_t first, std::size_t last,
                   std::vector<SeatRange>& seats) const {
        if (problem_.metric == Metric::none) {
            seats.push_back(
                {first, last, {}, "the cell of firm " + std::to_string(order[first].value), false});
            return;
        }
        for (std::size_t s = 0; s < problem_.sites.size(); ++s) {
            seats.push_back({first, last, problem_.sites[s],
                             "site " + std::to_string(s) + " for the cell of firm " +
                                 std::to_string(order[first].value),
                             false});
        }
        for (std::size_t p = first; problem_.sites.empty() && p < last; ++p) {
            const PoolPlace at = problem_.place[order[p]];
            if (p > first) {
                const PoolPlace before = problem_.place[order[p - 1]];
                if (before.a == at.a && before.b == at.b) continue;
            }
            seats.push_back({first, last, at, "firm " + std::to_string(order[p].value), true});
        }
    }

    void judge_seat(const SeatRange& seat, const std::vector<FirmId>& order, SeatQuestion& question,
                    std::vector<Violation>& found) const {
        const DossierRule& rule = *question.rule;
        question.needs_home = seat.of_member;
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
        for (auto p = from; p != to; ++p) {
            const FirmId i = *p;
            const PoolPlace at = problem_.metric == Metric::none ? PoolPlace{} : problem_.place[i];
            const double far = km(at, seat.at);
            if (far > rule.max_radius_km) continue;
            question.items.push_back(
                {i, problem_.value_of(i) - rule.cost_per_km * far - claim_.prices[i],
                 problem_.amount[i], at.a == seat.at.a && at.b == seat.at.b});
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
                                     " more than the prices of its members"});
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
    double tolerance_;
    std::string stage_;
    unsigned threads_;
    double scale_ = scale();
    double size_ = 0, travel_ = 0;  ///< sums of the groups' figures and of their travel, in size
    StageVerdict found_;
    std::vector<char> pooled_;
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
