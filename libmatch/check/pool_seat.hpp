// The judge's question at one seat of a pooling problem: is some lawful group worth more than the
// prices of its members and of the site?
//
// Method: the sum limit is priced by a multiplier (found by bisection), and where that leaves a
// doubt, the firm in doubt is tried in and out, with all that are bound to it.
//
// Complexity: O(firms in reach log) while the bound settles it, at most `most_trials` trials else.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <libmatch/check/pool_case.hpp>
#include <libmatch/model/pooling.hpp>

namespace libmatch::check::detail {

/// Whether some lawful group at one seat is worth more than its members' prices.
class SeatQuestion {
  public:
    struct Item {
        FirmId firm;
        double worth = 0;  ///< value less travel less price
        double amount = 0;
        bool home = false;  ///< its place is the seat
        std::uint32_t party = Parties::none;
    };
    enum class Answer { no, yes, undecided };
    static constexpr long most_trials = 200'000;

    const DossierRule* rule = nullptr;
    const Parties* parties = nullptr;
    std::int64_t most = 0;    ///< members at the seat
    double opening_cost = 0;  ///< with the price of the site
    bool needs_home = false;
    double tolerance = 0;
    std::vector<Item> items;

    Answer ask() {
        gather_parties();
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
            if (!items[k].home || state_[k] != open) continue;
            const auto changed = decide(k, in);  // the group's first member at home is this one
            const Answer answer = examine();
            if (answer == Answer::yes) return answer;
            doubt = doubt || answer == Answer::undecided;
            for (const std::size_t other : changed) state_[other] = open;
            (void)decide(k, out);
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

    /// Parties that are not all in reach are let go. The firms of the others count alike, each with
    /// the mean of its party: no group that holds parties whole is worth more or less by it.
    void gather_parties() {
        at_.clear();
        if (std::none_of(items.begin(), items.end(),
                         [](const Item& i) { return i.party != Parties::none; }))
            return;
        std::map<std::uint32_t, std::size_t> present;
        for (const Item& i : items) {
            if (i.party != Parties::none) ++present[i.party];
        }
        std::erase_if(items, [&](const Item& i) {
            return i.party != Parties::none && present[i.party] < parties->firms(i.party).size();
        });
        for (std::size_t k = 0; k < items.size(); ++k) {
            if (items[k].party != Parties::none) at_[items[k].party].push_back(k);
        }
        for (const auto& [party, members] : at_) {
            double worth = 0, amount = 0;
            for (const std::size_t k : members) {
                worth += items[k].worth;
                amount += items[k].amount;
            }
            const auto size = static_cast<double>(members.size());
            for (const std::size_t k : members) {
                items[k].worth = worth / size;
                items[k].amount = amount / size;
            }
        }
    }

    /// Decides an open firm with its party; what is taken keeps its foes out. Returns what changed.
    std::vector<std::size_t> decide(std::size_t k, char decision) {
        std::vector<std::size_t> changed;
        const auto set = [&](std::size_t item, char state) {
            if (state_[item] != open) return;
            state_[item] = state;
            changed.push_back(item);
        };
        const auto party = at_.find(items[k].party);
        if (party == at_.end()) {
            set(k, decision);
            return changed;
        }
        for (const std::size_t item : party->second) set(item, decision);
        if (decision != in) return changed;
        for (const std::uint32_t foe : parties->foes(party->first)) {
            const auto others = at_.find(foe);
            if (others == at_.end()) continue;
            for (const std::size_t item : others->second) set(item, out);
        }
        return changed;
    }

    /// An open firm in a set that splits its party or has a foe there; items.size() = there is
    /// none.
    [[nodiscard]] std::size_t torn(const Choice& choice) const {
        for (const auto& [party, members] : at_) {
            const auto taken = [&](std::size_t k) { return choice.taken[k] != 0; };
            const auto first = std::find_if(members.begin(), members.end(), taken);
            if (first == members.end()) continue;
            bool broken = !std::all_of(members.begin(), members.end(), taken);
            for (const std::uint32_t foe : parties->foes(party)) {
                const auto others = at_.find(foe);
                broken =
                    broken || (others != at_.end() &&
                               std::any_of(others->second.begin(), others->second.end(), taken));
            }
            if (broken) return *first;
        }
        return items.size();
    }

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
        if (members > most) return false;
        const auto free = static_cast<std::size_t>(std::max<std::int64_t>(0, most - members));
        std::partial_sort(order.begin(),
                          order.begin() + static_cast<std::ptrdiff_t>(std::min(free, order.size())),
                          order.end());
        for (const auto& [cost, k] : order) {
            if (members >= most || (cost >= 0 && members >= rule->min_members)) break;
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
        double best = low_.worth - opening_cost;
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
            best = std::min(best, value - opening_cost);
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
        if (torn(choice) != items.size()) return false;
        if (!needs_home) return true;
        for (std::size_t k = 0; k < items.size(); ++k) {
            if (choice.taken[k] && items[k].home) return true;
        }
        return false;
    }

    bool exceeds(const Choice& choice) {
        if (!lawful(choice) || choice.worth - opening_cost <= tolerance) return false;
        excess_ = choice.worth - opening_cost;
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
        std::size_t doubt = torn(low_);
        if (doubt == items.size() && differ_) doubt = torn(high_);
        const bool by_party = doubt != items.size();
        for (std::size_t k = 0; k < items.size() && !by_party; ++k) {
            if (state_[k] != open) continue;
            if (differ_ && low_.taken[k] == high_.taken[k]) continue;
            if (doubt == items.size() || items[k].amount > items[doubt].amount) doubt = k;
        }
        if (doubt == items.size())
            return Answer::no;  // all is decided, and the one set is not lawful
        bool undecided = false;
        for (const char decision : {in, out}) {
            const auto changed = decide(doubt, decision);
            const Answer answer = examine();
            for (const std::size_t k : changed) state_[k] = open;
            if (answer == Answer::yes) return answer;
            undecided = undecided || answer == Answer::undecided;
        }
        return undecided ? Answer::undecided : Answer::no;
    }

    std::map<std::uint32_t, std::vector<std::size_t>> at_;  ///< items of each party in reach
    std::vector<char> state_;
    Choice low_, high_;
    bool differ_ = false;
    long trials_ = 0;
    std::vector<FirmId> found_;
    double excess_ = 0;
};

}  // namespace libmatch::check::detail
