// Whole answers of assignment with teams, around prices of the seats.
//
// Problem: a team for each firm, no adviser beyond its seats, of the largest worth. Method: at good
// prices p each firm's best team is nearly an answer. Where an adviser has too many firms, those
// that lose least by leaving go, and take their best team among advisers with room. Then ejection
// chains: a firm that has not its best team takes it; a full adviser that it calls lets go the firm
// that loses least, and so on, until all have a team within the seats; what does not raise the
// worth is taken back. A choice sees a free seat at 0 and a taken one at its price. Any moment
// between two chains is a lawful answer. Complexity: a choice from one list per step and, for each
// pass, two per firm in parallel. Deterministic for any number of threads. Source: F. Glover,
// "Ejection chains, reference structures and alternating path methods for traveling salesman
// problems", Discrete Applied Mathematics 65, 1996.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <libmatch/assign/team_choice.hpp>
#include <libmatch/assign/team_problem.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>

namespace libmatch::detail {

class TeamSearch {
  public:
    /// Begins with the pins alone.
    TeamSearch(TeamProblem& problem, Control& control)
        : p_(problem),
          control_(control),
          n_(problem.firms()),
          m_(problem.advisers()),
          held_(n_),
          load_(m_, 0),
          holders_(m_),
          choice_(problem.chooser()),
          none_(m_, 0.0) {
        for (std::size_t i = 0; i < n_; ++i) held_[i].worth = worth_of(FirmId(i), {});
    }

    /// The problem's teams, cut down to the seats.
    void build(const std::vector<double>& prices) {
        prices_ = prices;
        for (auto& own : holders_) own.clear();
        std::fill(load_.begin(), load_.end(), 0);
        parallel_chunks(n_, chunk, p_.threads(), [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const FirmId f(i);
                held_[i] = made(f, p_.members(f));
            }
        });
        for (std::size_t i = 0; i < n_; ++i) {
            for (const AdviserId j : held_[i].members) {
                if (!j.known()) break;
                ++load_[j];
                holders_[j].push_back(static_cast<std::uint32_t>(i));
            }
        }
        std::vector<std::uint32_t> losers;
        weigh_leaving([&](AdviserId j) { return load_[j] > p_.room(j); });
        for (std::size_t j = 0; j < m_; ++j) {
            const AdviserId at(j);
            if (load_[at] <= p_.room(at)) continue;
            std::vector<std::pair<double, std::uint32_t>> order;
            for (const std::uint32_t i : holders_[at]) order.push_back({leaving(i, at), i});
            const auto over = static_cast<std::size_t>(load_[at] - p_.room(at));
            std::sort(order.begin(), order.end());
            for (std::size_t k = 0; k < over; ++k) {
                drop(order[k].second, at);
                losers.push_back(order[k].second);
            }
        }
        std::sort(losers.begin(), losers.end());
        losers.erase(std::unique(losers.begin(), losers.end()), losers.end());
        for (const std::uint32_t i : losers) {
            // a free seat at its price, since others may need it more
            held_[i].worth = worth_of(FirmId(i), held_[i].members);
            if (control_.stop()) continue;
            put(i, choose(i, [&](AdviserId j) {
                    return has(i, j) || load_[j] < p_.room(j) ? prices_[j] : HUGE_VAL;
                }));
        }
    }

    /// Chains from every firm without its best team at these prices, those that miss most first.
    /// True if they gained anything.
    bool improve(const std::vector<double>& prices) {
        prices_ = prices;
        weigh_leaving([&](AdviserId j) { return load_[j] >= p_.room(j); });
        std::vector<double> missing(n_, 0.0);
        parallel_chunks(n_, chunk, p_.threads(), [&](std::size_t begin, std::size_t end) {
            TeamChoice choice = p_.chooser();
            for (std::size_t i = begin; i < end && !control_.stop(); ++i) {
                const auto price = [&](AdviserId j) { return cost(j); };
                const double most = net(choice, i, price);
                missing[i] = most - net_of(held_[i], price);
            }
        });
        const double little = 1e-9 * std::fabs(worth()) / static_cast<double>(n_ + 1);
        std::vector<std::uint32_t> order;
        for (std::size_t i = 0; i < n_; ++i)
            if (missing[i] > little) order.push_back(static_cast<std::uint32_t>(i));
        std::sort(order.begin(), order.end(), [&](auto a, auto b) {
            return missing[a] != missing[b] ? missing[a] > missing[b] : a < b;
        });
        double gained = 0;
        for (const std::uint32_t i : order) {
            if (control_.stop()) break;
            gained += chain(i, little);
        }
        return gained > 0;
    }

    [[nodiscard]] double worth() const {
        Sum sum;
        for (const Held& h : held_) sum.add(h.worth);
        return sum.value();
    }

    /// Members beside the pins of each firm, for later.
    [[nodiscard]] std::vector<TeamMembers> teams() const {
        std::vector<TeamMembers> teams(n_);
        for (std::size_t i = 0; i < n_; ++i) teams[i] = held_[i].members;
        return teams;
    }
    /// Goes back to teams that were lawful.
    void restore(const std::vector<TeamMembers>& teams) {
        for (auto& own : holders_) own.clear();
        std::fill(load_.begin(), load_.end(), 0);
        for (std::size_t i = 0; i < n_; ++i) {
            held_[i] = made(FirmId(i), teams[i]);
            for (const AdviserId j : teams[i]) {
                if (!j.known()) break;
                ++load_[j];
                holders_[j].push_back(static_cast<std::uint32_t>(i));
            }
        }
    }

  private:
    struct Held {
        TeamMembers members{};                          ///< sorted, beside the pins
        std::array<double, Team::most_members> utility{};
        /// What the firm loses at the prices when it leaves; NaN = not known.
        std::array<double, Team::most_members> leaving{};
        double worth = 0;
    };
    struct Before {
        std::uint32_t firm;
        Held held;
    };

    [[nodiscard]] bool has(std::uint32_t i, AdviserId j) const {
        const TeamMembers& own = held_[i].members;
        return std::find(own.begin(), own.end(), j) != own.end();
    }
    [[nodiscard]] bool full(AdviserId j) const { return load_[j] >= p_.room(j); }
    /// A free seat costs nothing.
    [[nodiscard]] double cost(AdviserId j) const { return full(j) ? prices_[j] : 0; }

    [[nodiscard]] double worth_of(FirmId i, const TeamMembers& members) const {
        double sum = 0;
        std::array<AdviserId, 2 * Team::most_members> all{};
        std::size_t count = 0;
        for (const Pair& p : p_.pins(i)) all[count++] = p.adviser;
        for (const AdviserId j : members) {
            if (!j.known()) break;
            all[count++] = j;
        }
        for (std::size_t x = 0; x < count; ++x) sum += p_.utility(i, all[x]);
        const auto need = p_.team().need_of(i), weight = p_.team().weight_of(i);
        for (std::size_t k = 0; k < need.size(); ++k) {
            if (!(need[k] > 0)) continue;
            double most = 0;
            for (std::size_t x = 0; x < count; ++x)
                most = std::max(most, p_.team().skill_of(all[x])[k]);
            sum += weight[k] * std::min(need[k], most);
        }
        return sum;
    }
    [[nodiscard]] Held made(FirmId i, const TeamMembers& members) const {
        Held held;
        held.members = members;
        held.leaving.fill(std::nan(""));
        for (std::size_t x = 0; x < members.size() && members[x].known(); ++x)
            held.utility[x] = p_.utility(i, members[x]);
        held.worth = worth_of(i, members);
        return held;
    }

    // ---- choices ----

    /// The best net value of firm i from its list and what it holds; +inf closes an adviser.
    template <class Price>
    double net(TeamChoice& choice, std::size_t i, const Price& price) {
        const FirmId f(i);
        p_.begin(choice, f, none_);
        const auto ids = p_.listed(f);
        const auto utility = p_.listed_utility(f);
        const auto offer = [&](AdviserId j, double u) {
            const double at = price(j);
            if (at != HUGE_VAL) choice.offer(j, u, at);
        };
        for (std::size_t x = 0; x < ids.size(); ++x) offer(AdviserId(ids[x]), utility[x]);
        const Held& own = held_[i];
        for (std::size_t x = 0; x < own.members.size() && own.members[x].known(); ++x) {
            if (std::find(ids.begin(), ids.end(), own.members[x].value) == ids.end())
                offer(own.members[x], own.utility[x]);
        }
        choice.solve(p_.thresholds(f), 2);
        return choice.value();
    }
    template <class Price>
    Held choose(std::uint32_t i, const Price& price) {
        static_cast<void>(net(choice_, i, price));
        return made(FirmId(i), choice_.members());
    }
    template <class Price>
    [[nodiscard]] static double net_of(const Held& held, const Price& price) {
        double sum = held.worth;
        for (const AdviserId j : held.members) {
            if (!j.known()) break;
            sum -= price(j);
        }
        return sum;
    }

    // ---- what leaving costs ----

    double leaving(std::uint32_t i, AdviserId j) { return leaving(choice_, i, j); }
    double leaving(TeamChoice& choice, std::uint32_t i, AdviserId j) {
        Held& own = held_[i];
        const auto x = static_cast<std::size_t>(
            std::find(own.members.begin(), own.members.end(), j) - own.members.begin());
        if (std::isnan(own.leaving[x])) {
            const auto price = [&](AdviserId a) { return prices_[a]; };
            own.leaving[x] = net_of(own, price) - net(choice, i, [&](AdviserId a) {
                                 return a == j ? HUGE_VAL : prices_[a];
                             });
        }
        return own.leaving[x];
    }
    /// At the advisers for which `asked` says so, in parallel.
    template <class Asked>
    void weigh_leaving(const Asked& asked) {
        parallel_chunks(n_, chunk, p_.threads(), [&](std::size_t begin, std::size_t end) {
            TeamChoice choice = p_.chooser();
            for (std::size_t i = begin; i < end; ++i) {
                held_[i].leaving.fill(std::nan(""));
                if (control_.stop()) continue;
                for (const AdviserId j : held_[i].members) {
                    if (!j.known()) break;
                    if (asked(j)) leaving(choice, static_cast<std::uint32_t>(i), j);
                }
            }
        });
    }

    // ---- moves ----

    void leave_seat(std::uint32_t i, AdviserId j) {
        --load_[j];
        auto& own = holders_[j];
        *std::find(own.begin(), own.end(), i) = own.back();
        own.pop_back();
    }
    void take_seat(std::uint32_t i, AdviserId j) {
        ++load_[j];
        holders_[j].push_back(i);
    }
    /// The firm loses one member; its worth is still that of before.
    void drop(std::uint32_t i, AdviserId j) {
        leave_seat(i, j);
        Held& own = held_[i];
        std::size_t to = 0;
        for (std::size_t x = 0; x < own.members.size(); ++x) {
            if (own.members[x] == j) continue;
            own.members[to] = own.members[x];
            own.utility[to] = own.utility[x];
            ++to;
        }
        own.members.back() = AdviserId();
        own.leaving.fill(std::nan(""));
    }
    void put(std::uint32_t i, const Held& now) {
        for (const AdviserId j : held_[i].members) {
            if (!j.known()) break;
            if (std::find(now.members.begin(), now.members.end(), j) == now.members.end())
                leave_seat(i, j);
        }
        const TeamMembers before = held_[i].members;
        for (const AdviserId j : now.members) {
            if (!j.known()) break;
            if (std::find(before.begin(), before.end(), j) == before.end()) take_seat(i, j);
        }
        held_[i] = now;
    }

    /// Firm i takes its best team, whoever must make room; what it gains in all, 0 when it is taken
    /// back.
    double chain(std::uint32_t first, double little) {
        before_.clear();
        waiting_.clear();
        waiting_.push_back(first);
        double gained = 0;
        for (std::size_t step = 0; step < waiting_.size(); ++step) {
            const std::uint32_t i = waiting_[step];
            const bool last = waiting_.size() >= longest_chain;
            const Held now = choose(i, [&](AdviserId j) {
                if (!full(j)) return 0.0;
                if (has(i, j)) return prices_[j];
                return last ? HUGE_VAL : prices_[j];
            });
            if (step == 0) before_.push_back({i, held_[i]});
            gained += now.worth - before_[step].held.worth;
            put(i, now);
            for (const AdviserId j : now.members) {
                if (!j.known()) break;
                if (load_[j] > p_.room(j) && !send_away(j)) return take_back();
            }
        }
        return gained > little ? gained : take_back();
    }
    /// The firm that loses least leaves j and waits for another team.
    bool send_away(AdviserId j) {
        double least = HUGE_VAL;
        std::uint32_t who = FirmId::missing;
        for (const std::uint32_t i : holders_[j]) {
            if (std::find(waiting_.begin(), waiting_.end(), i) != waiting_.end()) continue;
            const double loss = leaving(i, j);
            if (loss < least || (loss == least && i < who)) {
                least = loss;
                who = i;
            }
        }
        if (who == FirmId::missing) return false;
        before_.push_back({who, held_[who]});
        waiting_.push_back(who);
        drop(who, j);
        return true;
    }
    double take_back() {
        for (std::size_t k = before_.size(); k-- > 0;) put(before_[k].firm, before_[k].held);
        return 0;
    }

    static constexpr std::size_t chunk = 256;
    static constexpr std::size_t longest_chain = 10;

    TeamProblem& p_;
    Control& control_;
    std::size_t n_, m_;
    std::vector<Held> held_;
    std::vector<std::int64_t> load_;
    std::vector<std::vector<std::uint32_t>> holders_;
    TeamChoice choice_;
    std::vector<double> none_;    ///< pins at no price
    std::vector<double> prices_;
    std::vector<Before> before_;          ///< what a chain has changed
    std::vector<std::uint32_t> waiting_;  ///< firms of a chain, in the order of their choices
};

}  // namespace libmatch::detail
