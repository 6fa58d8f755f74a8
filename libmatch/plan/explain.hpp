// Why a plan says what it says, in sentences.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <libmatch/model/plan.hpp>
#include <libmatch/plan/explain_grants.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch {
namespace detail {

inline double price_of(const Plan& plan, const std::string& stage_name, std::size_t index) {
    const auto at = plan.prices.find(stage_name);
    return at == plan.prices.end() ? 0.0 : at->second[index];
}

/// What the quotas that hold a pair cost it, and which of them have a price.
struct QuotaPrice {
    double price = 0;
    std::string names;
};
inline QuotaPrice quota_price_of(const Market& market, const Plan& plan,
                                 const std::string& stage_name, FirmId i, AdviserId j) {
    QuotaPrice out;
    const auto at = plan.quotas.find(stage_name);
    if (at == plan.quotas.end()) return out;
    std::size_t q = 0;
    for (const MarketQuota& quota : market.quotas) {
        if (!market.counts_in(quota, programme_of(market, stage_name))) continue;
        const double price = q < at->second.size() ? at->second[q].price : 0;
        ++q;
        const bool holds =
            quota.all_firms || std::binary_search(quota.firms.begin(), quota.firms.end(), i);
        if (price == 0 || !holds || !quota.holds(j)) continue;
        out.price += price;
        out.names += (out.names.empty() ? "" : ", ") + quota.name;
    }
    return out;
}

inline std::string quota_words(const QuotaPrice& q) {
    if (q.price == 0) return {};
    return (q.price > 0 ? "its quotas (" + q.names + ") cost " + rounded(q.price)
                        : "its quotas (" + q.names + ") give " + rounded(-q.price)) +
           ", ";
}

inline const std::vector<Blocker>& blockers_of(const Plan& plan, const std::string& stage_name) {
    static const std::vector<Blocker> none;
    const auto at = plan.blockers.find(stage_name);
    return at == plan.blockers.end() ? none : at->second;
}

inline Scorer scorer_of(const Market& market, const Plan& plan, ProgrammeId p) {
    const ProgrammeId after = market.programmes[p].after;
    return {market, p,
            after.known() ? reached_by(market, plan, after) : std::vector<std::uint8_t>{}};
}

/// What workshops, visits and shared staff mean for a firm.
inline void explain_services(const Market& market, const Plan& plan, FirmId i,
                             std::vector<std::string>& lines) {
    for (const Group& g : plan.workshops) {
        for (const Group::Member& m : g.members) {
            if (!(m.firm == i)) continue;
            const Workshop& w = market.workshops[g.rule];
            lines.push_back("workshop " + w.rule.name + ": at " + market.sites[g.seat].name + ", " +
                            rounded(m.distance_km, 1) + " km away, with " +
                            std::to_string(g.members.size() - 1) +
                            " other leaders who need this skill (" + market.skills[w.skill] + ").");
        }
    }
    for (const Group& g : plan.shared_staff) {
        for (const Group::Member& m : g.members) {
            if (!(m.firm == i)) continue;
            double days = 0;
            for (const Group::Member& each : g.members) days += each.amount;
            lines.push_back("shared job (" + market.shared_staff[g.rule].name +
                            "): " + rounded(m.amount, 1) + " of its " + rounded(days, 1) +
                            " days per month, with " + std::to_string(g.members.size() - 1) +
                            " other firms; its seat is at firm " + market.firms.id[FirmId(g.seat)] +
                            ", " + rounded(m.distance_km, 1) + " km away.");
        }
    }
    for (const Visit& v : plan.visits) {
        if (!(v.firm == i)) continue;
        lines.push_back("visit: adviser " + market.advisers.id[v.adviser] + " comes on day " +
                        std::to_string(v.day) + " as stop " + std::to_string(v.position) +
                        ", after " + rounded(v.leg_km, 1) + " km.");
    }
}

/// What became of the adviser that the firm had before; empty if it had none.
inline std::string change_of(const Market& market, const Plan& plan, const std::string& stage_name,
                             FirmId i) {
    const auto at = plan.churn.find(stage_name);
    if (at == plan.churn.end()) return {};
    const std::vector<Pair>& all = at->second.previous;
    const auto had = std::lower_bound(all.begin(), all.end(), Pair{i, AdviserId(0U)});
    if (had == all.end() || !(had->firm == i)) return {};
    const std::string who = market.advisers.id[had->adviser];
    for (const Assigned& a : plan.assignments) {
        if (a.firm == i && stage::assign(market.programmes[a.programme]) == stage_name)
            return a.adviser == had->adviser ? "it keeps its adviser"
                                             : "before, its adviser was " + who;
    }
    return "before, its adviser was " + who;
}

}  // namespace detail

/// What the plan decided for a firm and why, one sentence per line.
[[nodiscard]] inline std::vector<std::string> explain(const Market& market, const Plan& plan,
                                                      FirmId i) {
    using detail::rounded;
    std::vector<std::string> lines;
    for (std::size_t p = 0; p < market.programmes.size(); ++p) {
        const std::string name = stage::assign(market.programmes[p]);
        if (plan.certificate(name) == nullptr) continue;
        bool served = false;
        for (const Assigned& a : plan.assignments) {
            if (!(a.firm == i) || !(a.programme == ProgrammeId(p))) continue;
            served = true;
            const double price = detail::price_of(plan, name, a.adviser);
            const auto quotas = detail::quota_price_of(market, plan, name, i, a.adviser);
            const double out = market.firms.reservation[i];
            lines.push_back(market.programmes[p].name + ": adviser " +
                            market.advisers.id[a.adviser] + ", score " + rounded(a.score) +
                            " (coverage " + rounded(a.coverage) + ", proximity " +
                            rounded(a.proximity) + ", trust " + rounded(a.trust) + ", bonus " +
                            rounded(a.bonus) + "), " + rounded(a.distance_km, 1) + " km away" +
                            (a.pinned ? ", pinned" : "") + "; a place with this adviser is worth " +
                            rounded(price) + " to others, " + detail::quota_words(quotas) +
                            "which leaves the firm " + rounded(a.score - price - quotas.price) +
                            (out != 0 ? ", against " + rounded(out) + " outside" : "") + ".");
        }
        if (const auto change = detail::change_of(market, plan, name, i); !change.empty())
            lines.push_back(market.programmes[p].name + ": " + change + ".");
        if (served) continue;
        const Exclusion rule = detail::scorer_of(market, plan, ProgrammeId(p)).firm_rule(i);
        std::string reason(rule == Exclusion::none ? "" : libmatch::name(rule));
        for (const Unserved& u : plan.unserved) {
            if (u.firm == i && u.stage == name) reason = u.reason;
        }
        lines.push_back(market.programmes[p].name + ": no adviser, because " + reason + ".");
        for (const Blocker& b : detail::blockers_of(plan, name)) {
            if (std::binary_search(b.firms.begin(), b.firms.end(), i))
                lines.push_back(market.programmes[p].name +
                                ": the firm takes part in what blocks it: " + b.reason + ".");
        }
    }
    detail::explain_grants(market, plan, i, lines);
    for (std::size_t d = 0; d < plan.dossiers.size(); ++d) {
        const Dossier& x = plan.dossiers[d];
        for (const DossierMember& m : x.members) {
            if (!(m.firm == i)) continue;
            std::string line = "dossier " + std::to_string(d + 1) + " (" +
                               market.dossier_rules[x.rule].rule.name +
                               "): " + std::to_string(x.members.size()) + " firms, " +
                               rounded(x.sum_eur, 2) + " EUR together, of which " +
                               rounded(m.amount_eur, 2) + " EUR are the firm's; seat " +
                               (x.site.known() ? "at " + market.sites[x.site].name + ", " : "") +
                               rounded(m.distance_km, 1) + " km away";
            if (x.lead.known()) line += "; led by adviser " + market.advisers.id[x.lead];
            for (const Specialist& s : plan.specialists) {
                if (s.dossier == DossierId(d))
                    line += "; assisted by adviser " + market.advisers.id[s.adviser] +
                            ", who covers " + rounded(100 * s.adds, 0) + " % of the needs beyond";
            }
            if (x.lender.known()) line += "; financed by " + market.lenders[x.lender].name;
            lines.push_back(line + ".");
        }
    }
    for (const Loan& loan : plan.loans) {
        if (loan.firm.known() && loan.firm == i) {
            lines.push_back("solo loan: " + rounded(loan.amount_eur, 2) + " EUR from " +
                            market.lenders[loan.lender].name + ".");
        }
    }
    detail::explain_paths(market, plan, i, lines);
    detail::explain_services(market, plan, i, lines);
    for (const Unserved& u : plan.unserved) {
        if (u.firm == i && u.stage.rfind("assign:", 0) != 0)
            lines.push_back(u.stage + ": left out, because " + u.reason + ".");
        if (u.firm == i && u.nearest.known()) {
            const Dossier& near = plan.dossiers[u.nearest];
            lines.push_back(
                u.stage + ": the nearest dossier with its keys is dossier " +
                std::to_string(u.nearest + 1) + ", " +
                rounded(market.distance_km(market.firms.place[i], seat_place(market, near)), 1) +
                " km away; to be taken there it would need " + u.needs + ".");
        }
    }
    for (const Recommendation& r : plan.resources) {
        if (r.firm == i) {
            const Resource& x = market.resources[r.resource];
            lines.push_back("resource " + std::to_string(r.rank) + ": " +
                            (x.title.empty() ? x.id : x.title) +
                            (x.centre.empty() ? "" : " at " + x.centre) +
                            (r.neighbour ? " (a neighbouring territory)" : "") + ", answers " +
                            rounded(100 * r.score, 0) + " % of the needs, " +
                            rounded(100 * r.adds, 0) + " % beyond the ones before.");
        }
    }
    return lines;
}

/// Why a firm does not have a given adviser, programme by programme.
[[nodiscard]] inline std::vector<std::string> why_not(const Market& market, const Plan& plan,
                                                      FirmId i, AdviserId j) {
    using detail::rounded;
    std::vector<std::string> lines;
    for (std::size_t p = 0; p < market.programmes.size(); ++p) {
        const ProgrammeId programme(p);
        const std::string name = stage::assign(market.programmes[p]);
        const std::string prefix = market.programmes[p].name + ": ";
        const Scorer scorer = detail::scorer_of(market, plan, programme);
        const Exclusion rule = scorer.exclusion(i, j);
        if (rule != Exclusion::none) {
            lines.push_back(prefix + "not eligible: " + std::string(libmatch::name(rule)) + ".");
            continue;
        }
        if (plan.certificate(name) == nullptr) {
            lines.push_back(prefix + "eligible, but the plan did not solve this programme.");
            continue;
        }
        if (plan.certificate(name)->status == Status::infeasible) {
            std::string line = prefix + "eligible, but no assignment meets the limits";
            for (const Blocker& b : detail::blockers_of(plan, name)) {
                line += ": " + b.reason;
                break;
            }
            lines.push_back(line + ".");
            continue;
        }
        const Assigned* current = nullptr;
        bool has_it = false;
        for (const Assigned& a : plan.assignments) {
            if (!(a.firm == i) || !(a.programme == programme)) continue;
            current = &a;
            has_it = has_it || a.adviser == j;
        }
        if (has_it) {
            lines.push_back(prefix + "the firm does have this adviser.");
            continue;
        }
        const double score = scorer.score(i, j), price = detail::price_of(plan, name, j);
        const auto quotas = detail::quota_price_of(market, plan, name, i, j);
        std::string line = prefix + "eligible with score " + rounded(score) +
                           "; a place with this adviser is worth " + rounded(price) +
                           " to other firms, " + detail::quota_words(quotas) +
                           "so the firm would keep " + rounded(score - price - quotas.price);
        if (current != nullptr) {
            const double kept =
                current->score - detail::price_of(plan, name, current->adviser) -
                detail::quota_price_of(market, plan, name, i, current->adviser).price;
            line += ", and with adviser " + market.advisers.id[current->adviser] + " it keeps " +
                    rounded(kept);
        } else {
            line += ", and without adviser it keeps " + rounded(market.firms.reservation[i]);
        }
        lines.push_back(line + ".");
    }
    return lines;
}

}  // namespace libmatch
