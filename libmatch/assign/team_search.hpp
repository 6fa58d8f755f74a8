// Whole answers of assignment with teams, around prices of the seats.
//
// Problem: a team for each firm, no adviser beyond its seats, of the largest worth. Method: at good
// prices p each firm's best team is nearly an answer. Auction: an adviser with too many firms lets
// go the one with the lowest bid, the price at which it would leave, and takes that as its price;
// so all others stay at their best, and the one that left takes its next best team. A firm that
// loses one member may give up another, so some seats stay free at a price. Chains of ejections
// then fill them: a firm takes its best team at the prices, with free seats at 0; a full adviser
// that it calls lets go its lowest bidder, and so on, until all fit; what does not raise the worth
// is taken back. Between two chains the teams are always a lawful answer. Complexity: a choice from
// one list per step, and per pass one or two per firm in parallel; steps are bounded.
// Deterministic for any number of threads; ties go to the smaller firm. Source: D. P. Bertsekas, D.
// A. Castanon, "The auction algorithm for the transportation problem", 1989; F. Glover, "Ejection
// chains, reference structures and alternating path methods", Discrete Applied Mathematics 65,
// 1996.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <libmatch/assign/team_choice.hpp>
#include <libmatch/assign/team_problem.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/core/types.hpp>
#include <libmatch/model/team.hpp>

namespace libmatch::detail {

class TeamSearch {
  public:
    /// Begins with the pins alone.
    TeamSearch(TeamProblem& problem, const TeamWatch& watch)
        : p_(problem),
          watch_(watch),
          n_(problem.firms()),
          m_(problem.advisers()),
          held_(n_),
          load_(m_, 0),
          holders_(m_),
          choice_(problem.chooser()),
          none_(m_, 0.0) {
        for (std::size_t i = 0; i < n_; ++i) held_[i].worth = worth_of(FirmId(i), {});
    }

    /// From the problem's teams, which are best at these prices, until `wanted` is reached or its
    /// moves are spent; what was there before stays if it is worth more.
    void run(const std::vector<double>& prices, double wanted) {
        prices_ = prices;
        std::vector<TeamMembers> before(n_), now(n_);
        for (std::size_t i = 0; i < n_; ++i) {
            before[i] = held_[i].members;
            now[i] = p_.members(FirmId(i));
        }
        const double worth_before = worth();
        hold(now);
        auction();
        for (int k = 0; k < most_passes && worth() < wanted && !watch_.stop(); ++k) {
            if (!pass()) break;
        }
        if (worth() < worth_before) hold(before);
    }

    [[nodiscard]] double worth() const {
        Sum sum;
        for (const Held& h : held_) sum.add(h.worth);
        return sum.value();
    }

    /// Members beside the pins.
    [[nodiscard]] const TeamMembers& members(FirmId i) const { return held_[i].members; }

  private:
    struct Held {
        TeamMembers members{};  ///< sorted, beside the pins
        std::array<double, Team::most_members> utility{};
        /// Prices of the members at which it would leave them; NaN = not known.
        std::array<double, Team::most_members> bid{};
        double worth = 0;
    };
    struct Before {
        std::uint32_t firm;
        Held held;
    };

    /// These teams, whatever the seats.
    void hold(const std::vector<TeamMembers>& teams) {
        parallel_chunks(n_, chunk, p_.threads(), [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) held_[i] = made(FirmId(i), teams[i]);
        });
        for (auto& own : holders_) own.clear();
        std::fill(load_.begin(), load_.end(), 0);
        for (std::size_t i = 0; i < n_; ++i) {
            for (const AdviserId j : teams[i]) {
                if (!j.known()) break;
                take_seat(static_cast<std::uint32_t>(i), j);
            }
        }
    }

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
        held.bid.fill(std::nan(""));
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

    // ---- passes ----

    /// Chains from every firm without its best team at the prices, those that miss most first. True
    /// if the worth rose.
    bool pass() {
        find_bids([&](AdviserId j) { return full(j); });
        std::vector<double> missing(n_, 0.0);
        watch_.chunks(n_, chunk, p_.threads(), [&](std::size_t begin, std::size_t end) {
            TeamChoice choice = p_.chooser();
            const auto price = [&](AdviserId j) { return cost(j); };
            for (std::size_t i = begin; i < end && !watch_.stop(); ++i)
                missing[i] = net(choice, i, price) - net_of(held_[i], price);
        });
        const double before = worth();
        const double least = 1e-9 * std::fabs(before) / static_cast<double>(n_ + 1);
        std::vector<std::uint32_t> order;
        for (std::size_t i = 0; i < n_; ++i)
            if (missing[i] > least) order.push_back(static_cast<std::uint32_t>(i));
        std::sort(order.begin(), order.end(), [&](auto a, auto b) {
            return missing[a] != missing[b] ? missing[a] > missing[b] : a < b;
        });
        std::size_t done = 0;
        for (const std::uint32_t i : order) {
            if (watch_.stop()) break;
            if (++done % 64 == 0) watch_.tell();
            chain(i, least);
        }
        return worth() > before + least;
    }

    // ---- bids: the price of an adviser at which a firm would leave ----

    /// Bids only rise while prices do, so one that was computed before is not above the true one.
    double renew_bid(TeamChoice& choice, std::uint32_t i, AdviserId j) {
        Held& own = held_[i];
        const auto x = static_cast<std::size_t>(
            std::find(own.members.begin(), own.members.end(), j) - own.members.begin());
        const double here = net_of(own, [&](AdviserId a) { return prices_[a]; });
        const double elsewhere =
            net(choice, i, [&](AdviserId a) { return a == j ? HUGE_VAL : prices_[a]; });
        return own.bid[x] = prices_[j] + here - elsewhere;
    }
    double bid(std::uint32_t i, AdviserId j) {
        const Held& own = held_[i];
        const auto x = static_cast<std::size_t>(
            std::find(own.members.begin(), own.members.end(), j) - own.members.begin());
        return std::isnan(own.bid[x]) ? renew_bid(choice_, i, j) : own.bid[x];
    }
    /// Those not known yet, of the firms at the advisers for which `asked` says so, in parallel.
    template <class Asked>
    void find_bids(const Asked& asked) {
        watch_.chunks(n_, chunk, p_.threads(), [&](std::size_t begin, std::size_t end) {
            TeamChoice choice = p_.chooser();
            for (std::size_t i = begin; i < end; ++i) {
                if (watch_.stop()) return;
                const Held& own = held_[i];
                for (std::size_t x = 0; x < own.members.size() && own.members[x].known(); ++x) {
                    if (std::isnan(own.bid[x]) && asked(own.members[x]))
                        renew_bid(choice, static_cast<std::uint32_t>(i), own.members[x]);
                }
            }
        });
    }
    /// The firm at j with the lowest bid, of those that are not `barred`; missing when all are.
    template <class Barred>
    std::uint32_t lowest_bidder(AdviserId j, const Barred& barred) {
        for (;;) {
            double least = HUGE_VAL;
            std::uint32_t who = FirmId::missing;
            for (const std::uint32_t i : holders_[j]) {
                if (barred(i)) continue;
                const double at = bid(i, j);
                if (at < least || (at == least && i < who)) {
                    least = at;
                    who = i;
                }
            }
            if (who == FirmId::missing) return who;
            if (renew_bid(choice_, who, j) <= least + 1e-12 * std::fabs(least)) return who;
        }
    }

    /// From every firm at its best team, whatever the seats: advisers with too many firms let go
    /// the lowest bidder and take its bid as their price, so that all others stay at their best.
    void auction() {
        find_bids([&](AdviserId j) { return load_[j] > p_.room(j); });
        const double step =
            1e-4 * std::fabs(worth()) / static_cast<double>(std::max<std::size_t>(n_, 1));
        std::vector<std::uint32_t> over;
        for (std::size_t j = 0; j < m_; ++j)
            if (load_[j] > p_.room(AdviserId(j))) over.push_back(static_cast<std::uint32_t>(j));
        std::size_t evictions = 0;
        for (std::size_t at = 0; at < over.size(); ++at) {
            const AdviserId j(over[at]);
            while (load_[j] > p_.room(j)) {
                const bool patient = evictions++ < 4 * n_ && !watch_.stop();
                const std::uint32_t i = patient
                                            ? lowest_bidder(j, [](std::uint32_t) { return false; })
                                            : holders_[j].back();
                if (patient) prices_[j] = std::max(prices_[j], bid(i, j)) + step;
                drop(i, j);
                held_[i].worth = worth_of(FirmId(i), held_[i].members);
                if (evictions % 64 == 0) watch_.tell();
                if (!patient) continue;
                const Held now =
                    choose(i, [&](AdviserId a) { return a == j ? HUGE_VAL : prices_[a]; });
                put(i, now);
                for (const AdviserId a : now.members) {
                    if (!a.known()) break;
                    if (load_[a] > p_.room(a)) over.push_back(a.value);
                }
            }
        }
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
        own.bid.fill(std::nan(""));
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

    /// The firm takes its best team, whoever must make room; taken back when that gains nothing.
    void chain(std::uint32_t first, double least) {
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
        if (!(gained > least)) take_back();
    }
    /// The firm that loses least leaves j and waits for another team.
    bool send_away(AdviserId j) {
        const std::uint32_t who = lowest_bidder(j, [&](std::uint32_t i) {
            return std::find(waiting_.begin(), waiting_.end(), i) != waiting_.end();
        });
        if (who == FirmId::missing) return false;
        before_.push_back({who, held_[who]});
        waiting_.push_back(who);
        drop(who, j);
        return true;
    }
    void take_back() {
        for (std::size_t k = before_.size(); k-- > 0;) put(before_[k].firm, before_[k].held);
    }

    static constexpr std::size_t chunk = 256;
    static constexpr std::size_t longest_chain = 10;
    static constexpr int most_passes = 8;

    TeamProblem& p_;
    const TeamWatch& watch_;
    std::size_t n_, m_;
    std::vector<Held> held_;
    std::vector<std::int64_t> load_;
    std::vector<std::vector<std::uint32_t>> holders_;
    TeamChoice choice_;
    std::vector<double> none_;  ///< pins at no price
    std::vector<double> prices_;
    std::vector<Before> before_;          ///< what a chain has changed
    std::vector<std::uint32_t> waiting_;  ///< firms of a chain, in the order of their choices
};

}  // namespace libmatch::detail
