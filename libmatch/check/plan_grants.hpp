// The judge of grants: rules, stacks, budgets, and the dual value of the prices of budgets and of
// dossiers' rooms, all in whole cents.
//
// Once there are dossiers, they are given: collective schemes are for their members, who together
// must still lack what their rule and the lenders' tickets that they reach ask for; and a firm with
// a loan of its own still lacks its ticket. Complexity: O(firms x 2^schemes) at worst; schemes that
// fit without harm are never left out.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/plan_case.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/score/funding.hpp>

namespace libmatch::check::detail {

/// Prices prove the more the finer they are; finer ones than this are refused.
inline constexpr double price_steps = 1 << 24;
__extension__ using Exact = __int128;

/// What the firms' grants have to leave, recomputed from the plan.
struct GivenDossiers {
    bool known = false;                 ///< the plan has a stage pool
    std::vector<std::int64_t> dossier;  ///< of each firm; -1 = none
    std::vector<Cents> kept;            ///< what each firm must still lack
    std::vector<Cents> room;            ///< of each dossier
};

[[nodiscard]] inline Cents lacks(const Market& market, FirmId i) {
    return cents_down(market.firms.cost_eur[i] - market.firms.own_funds_eur[i]);
}

[[nodiscard]] inline GivenDossiers given_dossiers(const PlanCase& c) {
    GivenDossiers out;
    const std::size_t n = c.market.firms.size();
    out.dossier.assign(n, -1);
    out.kept.assign(n, 0);
    if (c.plan.certificate(stage::pool) == nullptr) return out;
    out.known = true;
    std::vector<Cents> aid(n, 0);
    for (const Grant& g : c.plan.grants)
        aid[g.firm] += static_cast<Cents>(std::llround(g.amount_eur * 100));
    std::vector<std::uint8_t> named(n, 0);
    for (const Unserved& u : c.plan.unserved) {
        if (u.stage == stage::pool) named[u.firm] = 1;
    }
    for (std::size_t d = 0; d < c.plan.dossiers.size(); ++d) {
        const Dossier& x = c.plan.dossiers[d];
        double threshold = c.market.dossier_rules[x.rule].rule.min_sum;
        for (const Lender& l : c.market.lenders) {
            if (l.min_ticket_eur <= x.sum_eur + PlanCase::cent)
                threshold = std::max(threshold, l.min_ticket_eur);
        }
        bool bounded = false;
        for (const KeyedRule& r : c.market.dossier_rules)
            bounded = bounded || std::isfinite(r.rule.max_sum);
        Cents room = -cents_up(threshold), granted = 0;
        for (const DossierMember& m : x.members) {
            out.dossier[m.firm] = static_cast<std::int64_t>(d);
            out.kept[m.firm] = 1;
            room += lacks(c.market, m.firm);
            granted += aid[m.firm];
        }
        // Smaller amounts could make other dossiers lawful under a largest sum.
        out.room.push_back(bounded ? granted : std::max(room, granted));
    }
    const double ticket = smallest_ticket(c);
    const auto residual = residuals(c);
    for (const FirmId i : seekers(c)) {
        if (out.dossier[i] < 0 && named[i] == 0 && residual[i] >= ticket - PlanCase::cent)
            out.kept[i] = cents_up(ticket);
    }
    return out;
}

/// The best lawful stack of one firm, by trying which schemes take part.
class StackJudge {
  public:
    StackJudge(const Market& market, const GivenDossiers& given) : market_(market), given_(given) {}

    /// The most that firm i adds to the dual value, in cents times price_steps.
    [[nodiscard]] Exact most_worth(FirmId i, const Backing& backing,
                                   const std::vector<double>& price) {
        options_.clear();
        double mu = 0;
        if (given_.dossier[i] >= 0)
            mu = price[market_.schemes.size() + static_cast<std::size_t>(given_.dossier[i])];
        for (std::size_t s = 0; s < market_.schemes.size(); ++s) {
            const Scheme& scheme = market_.schemes[s];
            const Cents most = largest_grant(market_, scheme, i);
            const auto net = static_cast<std::int64_t>((1 - price[s] - mu) * price_steps);
            if (net <= 0 || most <= 0 || !scheme_exclusion(market_, scheme, i, backing).empty())
                continue;
            if (scheme.collective_only && given_.known && given_.dossier[i] < 0) continue;
            options_.push_back(
                {&scheme, net, most, cents_up(scheme.floor_eur), stack_limit(market_, scheme, i)});
        }
        std::stable_sort(options_.begin(), options_.end(),
                         [](const Option& a, const Option& b) { return a.net > b.net; });
        limit_ = std::min(aid_limit(market_, i), lacks(market_, i) - given_.kept[i]);
        small_ = de_minimis_room(market_, i);
        best_ = 0;
        taken_.clear();
        if (limit_ > 0) decide(0);
        return best_;
    }

  private:
    struct Option {
        const Scheme* scheme;
        std::int64_t net;
        Cents most, floor, ceiling;
    };

    void decide(std::size_t k) {
        if (k == options_.size()) {
            weigh();
            return;
        }
        const Option& o = options_[k];
        const std::string& group = o.scheme->stacking_group;
        const bool excluded =
            !group.empty() && std::any_of(taken_.begin(), taken_.end(), [&](std::size_t t) {
                return options_[t].scheme->stacking_group == group;
            });
        if (!excluded) {
            taken_.push_back(k);
            decide(k + 1);
            taken_.pop_back();
        }
        // Without floor, group and ceiling it can take part with 0, so leaving it out adds nothing.
        if (excluded || o.floor > 0 || !group.empty() || o.ceiling < limit_) decide(k + 1);
    }

    /// All that take part get their floors, then the rest by falling net worth.
    void weigh() {
        Cents left = limit_, small = small_;
        for (const std::size_t t : taken_) left = std::min(left, options_[t].ceiling);
        Exact worth = 0;
        for (const std::size_t t : taken_) {
            const Option& o = options_[t];
            left -= o.floor;
            if (o.scheme->de_minimis) small -= o.floor;
            worth += static_cast<Exact>(o.net) * o.floor;
        }
        if (left < 0 || small < 0) return;
        for (const std::size_t t : taken_) {
            const Option& o = options_[t];
            Cents more = std::min(o.most - o.floor, left);
            if (o.scheme->de_minimis) {
                more = std::min(more, small);
                small -= more;
            }
            left -= more;
            worth += static_cast<Exact>(o.net) * more;
        }
        best_ = std::max(best_, worth);
    }

    const Market& market_;
    const GivenDossiers& given_;
    std::vector<Option> options_;
    std::vector<std::size_t> taken_;
    Cents limit_ = 0, small_ = 0;
    Exact best_ = 0;
};

/// Grants one by one: who may have them, their size, and what excludes them. Returns each firm's
/// aid and de minimis aid, and what each scheme spends.
struct Spending {
    std::vector<Cents> aid, small, of_scheme;
};
inline Spending judge_each_grant(PlanCase& c, const GivenDossiers& given,
                                 const std::vector<Backing>& backing) {
    Spending sum{std::vector<Cents>(c.market.firms.size(), 0),
                 std::vector<Cents>(c.market.firms.size(), 0),
                 std::vector<Cents>(c.market.schemes.size(), 0)};
    std::vector<std::uint8_t> seeks(c.market.firms.size(), 0);
    for (const FirmId i : seekers(c)) seeks[i] = 1;
    std::set<std::pair<std::uint32_t, std::string>> stacked;
    for (const Grant& g : c.plan.grants) {
        const Scheme& s = c.market.schemes[g.scheme];
        const auto fail = [&](std::string text) {
            c.verdict.fail(stage::fund, c.firm(g.firm) + ", scheme " + s.id, std::move(text));
        };
        if (seeks[g.firm] == 0) fail("the firm is not among those that seek funds");
        const auto rule = scheme_exclusion(c.market, s, g.firm, backing[g.firm]);
        if (!rule.empty()) fail(std::string(rule));
        if (s.collective_only && given.known && given.dossier[g.firm] < 0)
            fail("the scheme is collective and the firm is in no dossier");
        const double exact = g.amount_eur * 100;
        if (!(std::fabs(exact) < static_cast<double>(no_limit)) ||
            std::fabs(exact - std::round(exact)) > 1e-3) {
            fail("the grant of " + figure(g.amount_eur) + " EUR is not in whole cents");
            continue;
        }
        const auto amount = static_cast<Cents>(std::llround(exact));
        const Cents most = largest_grant(c.market, s, g.firm);
        if (amount <= 0 || amount > most || amount < cents_up(s.floor_eur)) {
            fail("the grant of " + figure(g.amount_eur) + " EUR is not between the floor and " +
                 figure(eur(most)));
        }
        const std::string group =
            s.stacking_group.empty() ? "alone " + s.id : "group " + s.stacking_group;
        if (!stacked.insert({g.firm.value, group}).second) fail("another grant excludes this one");
        sum.aid[g.firm] += amount;
        if (s.de_minimis) sum.small[g.firm] += amount;
        sum.of_scheme[g.scheme] += amount;
    }
    return sum;
}

inline void judge_aid_limits(PlanCase& c, const Spending& sum) {
    const auto passes = [&](FirmId i, Cents aid, Cents limit, const std::string& what) {
        if (aid <= limit) return;
        c.verdict.fail(
            stage::fund, c.firm(i),
            what + " of " + figure(eur(aid)) + " EUR passes the limit of " + figure(eur(limit)));
    };
    for (std::size_t k = 0; k < sum.aid.size(); ++k) {
        const FirmId i(k);
        if (sum.aid[k] == 0) continue;
        passes(i, sum.aid[k], aid_limit(c.market, i), "aid");
        passes(i, sum.small[k], de_minimis_room(c.market, i), "de minimis aid");
    }
    for (const Grant& g : c.plan.grants) {
        const Scheme& s = c.market.schemes[g.scheme];
        passes(g.firm, sum.aid[g.firm], stack_limit(c.market, s, g.firm),
               "aid beside scheme " + s.id);
    }
    for (std::size_t s = 0; s < sum.of_scheme.size(); ++s) {
        const Scheme& scheme = c.market.schemes[s];
        if (sum.of_scheme[s] > cents_down(scheme.budget_eur)) {
            c.verdict.fail(stage::fund, "scheme " + scheme.id,
                           "grants of " + figure(eur(sum.of_scheme[s])) +
                               " EUR pass the budget of " + figure(scheme.budget_eur));
        }
    }
}

/// Whether the prices are such that they prove a bound.
inline bool judge_grant_prices(PlanCase& c, const GivenDossiers& given) {
    const auto& price = c.prices(stage::fund);
    bool proves = true;
    for (std::size_t k = 0; k < price.size(); ++k) {
        const bool scheme = k < c.market.schemes.size();
        const bool limited = !scheme || cents_down(c.market.schemes[k].budget_eur) < no_limit;
        const bool whole = price[k] * price_steps == std::floor(price[k] * price_steps);
        if (price[k] >= 0 && price[k] <= 1 && whole && (limited || price[k] == 0)) continue;
        c.verdict.fail(stage::fund,
                       scheme ? "scheme " + c.market.schemes[k].id
                              : PlanCase::dossier(k - c.market.schemes.size()),
                       "its price " + figure(price[k]) + " proves nothing");
        proves = false;
    }
    if (price.size() == c.market.schemes.size() + given.room.size()) return proves;
    c.verdict.fail(stage::fund, "prices", "not every scheme and dossier has one");
    return false;
}

/// What the plan says of each budget: who may ask, what they could have alone, what they have.
inline void judge_budgets(PlanCase& c, const GivenDossiers& given,
                          const std::vector<Backing>& backing, const Spending& sum) {
    const auto& price = c.prices(stage::fund);
    std::vector<std::uint64_t> open(c.market.schemes.size(), 0), served(open);
    std::vector<Cents> asked(open.size(), 0);
    for (const FirmId i : seekers(c)) {
        for (std::size_t s = 0; s < open.size(); ++s) {
            const Scheme& scheme = c.market.schemes[s];
            const Cents most = largest_grant(c.market, scheme, i);
            if (most <= 0 || !scheme_exclusion(c.market, scheme, i, backing[i]).empty() ||
                (scheme.collective_only && given.known && given.dossier[i] < 0))
                continue;
            ++open[s];
            asked[s] += most;
        }
    }
    for (const Grant& g : c.plan.grants) ++served[g.scheme];
    std::vector<std::uint8_t> seen(open.size(), 0);
    for (const BudgetUse& b : c.plan.budgets) {
        const auto same = [&](const char* what, double claimed, double found) {
            if (std::fabs(claimed - found) <= 1e-3 || claimed == found) return;
            c.verdict.fail(stage::fund, "scheme " + c.market.schemes[b.scheme].id,
                           std::string("claimed ") + what + ' ' + figure(claimed) +
                               ", recomputed " + figure(found));
        };
        const std::size_t s = b.scheme;
        seen[s] = 1;
        same("firms that may ask", b.firms_open, static_cast<double>(open[s]));
        same("firms served", b.firms_served, static_cast<double>(served[s]));
        same("euros asked for", b.asked_eur, eur(asked[s]));
        same("euros granted", b.granted_eur, eur(sum.of_scheme[s]));
        same("euros left", b.left_eur, c.market.schemes[s].budget_eur - eur(sum.of_scheme[s]));
        if (b.marginal_eur != price[s]) {
            c.verdict.fail(stage::fund, "scheme " + c.market.schemes[s].id,
                           "claimed value of one euro more " + figure(b.marginal_eur) +
                               ", its price is " + figure(price[s]));
        }
    }
    for (std::size_t s = 0; s < seen.size(); ++s) {
        if (seen[s] == 0)
            c.verdict.fail(stage::fund, "scheme " + c.market.schemes[s].id,
                           "its budget is missing");
    }
}

inline void judge_grants(PlanCase& c) {
    const std::vector<Backing> backing = backing_of_firms(c.market, c.plan);
    const GivenDossiers given = given_dossiers(c);
    const Spending sum = judge_each_grant(c, given, backing);
    judge_aid_limits(c, sum);
    if (!judge_grant_prices(c, given)) return;
    judge_budgets(c, given, backing, sum);
    const auto& price = c.prices(stage::fund);
    Exact bound = 0;
    for (std::size_t k = 0; k < price.size(); ++k) {
        const Cents size = k < c.market.schemes.size() ? cents_down(c.market.schemes[k].budget_eur)
                                                       : given.room[k - c.market.schemes.size()];
        bound += static_cast<Exact>(price[k] * price_steps) * (price[k] > 0 ? size : 0);
    }
    const std::vector<FirmId> all = seekers(c);
    constexpr std::size_t chunk = 4096;
    std::vector<Exact> worth(all.size() / chunk + 1, 0);
    parallel_chunks(all.size(), chunk, c.threads, [&](std::size_t begin, std::size_t end) {
        StackJudge stacks(c.market, given);
        for (std::size_t k = begin; k < end; ++k)
            worth[begin / chunk] += stacks.most_worth(all[k], backing[all[k]], price);
    });
    for (const Exact w : worth) bound += w;
    Account granted, proven;
    for (const Cents spent : sum.of_scheme) granted.add(static_cast<double>(spent));
    // Every plan is worth whole cents.
    proven.add(static_cast<double>(static_cast<Cents>(bound / static_cast<Exact>(price_steps))));
    const Certificate& claim = *c.plan.certificate(stage::fund);
    if (claim.unit != 0.01) {
        c.verdict.fail(stage::fund, "unit", "the claims must be in whole cents");
        return;
    }
    judge_claims(stage::fund, claim, granted, proven, c.verdict);
}

}  // namespace libmatch::check::detail
