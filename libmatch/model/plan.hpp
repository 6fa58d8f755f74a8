// A plan: what was decided, with certificates and prices. Indices inside, ids outside
// (model/plan_tables.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/model/certificate.hpp>
#include <libmatch/model/market.hpp>

namespace libmatch {

struct Assigned {
    ProgrammeId programme;
    FirmId firm;
    AdviserId adviser;
    double score = 0, coverage = 0, proximity = 0, trust = 0, bonus = 0, distance_km = 0;
    bool pinned = false;
};

struct DossierMember {
    FirmId firm;
    double amount_eur = 0;
    double distance_km = 0;
};

struct Dossier {
    RuleId rule;
    FirmId seat;  ///< the member at whose place it meets; none if it meets at a site
    SiteId site;  ///< may be none
    std::vector<DossierMember> members;  ///< sorted by firm
    double sum_eur = 0;
    double value = 0;
    AdviserId lead;   ///< may be none
    LenderId lender;  ///< may be none
};

/// An adviser who assists the lead of a dossier.
struct Specialist {
    DossierId dossier;
    AdviserId adviser;
    double adds = 0;  ///< share of the members' needs that it covers beyond the lead
};

struct Grant {
    FirmId firm;
    SchemeId scheme;
    double amount_eur = 0;
};

/// How far the budget of a scheme goes.
struct BudgetUse {
    SchemeId scheme;
    double firms_open = 0;    ///< seekers that its rules admit
    double firms_served = 0;  ///< of these, with a grant
    double asked_eur = 0;     ///< what it would grant to all of them, each alone
    double granted_eur = 0;
    double left_eur = 0;      ///< infinite without a budget
    double marginal_eur = 0;  ///< by how much one euro more raises the bound on all grants
};

struct Loan {
    DossierId dossier;  ///< none for a solo loan
    FirmId firm;        ///< none for a pooled loan
    LenderId lender;
    double amount_eur = 0;
};

/// One way to the money that a firm still lacks: a loan of its own, a dossier, or none.
struct FundingPath {
    enum class Kind : std::uint8_t { solo, pooled, none };
    FirmId firm;
    Kind kind = Kind::none;
    bool chosen = false;
    double residual_eur = 0;  ///< what the firm lacks after own funds and grants
    double grants_eur = 0;
    double loan_eur = 0;
    double interest_eur = 0;  ///< of one year; 0 where no lender is named
    LenderId lender;          ///< may be none
    DossierId dossier;  ///< of a pooled path: the firm's own, or the nearest that is open to it
    double distance_km = 0;  ///< to the dossier's seat
};

struct Recommendation {
    FirmId firm;
    int rank = 1;
    ResourceId resource;
    double score = 0;        ///< usefulness alone: the share of the needs that it answers
    double adds = 0;         ///< the share that it answers beyond the ranks before it
    bool neighbour = false;  ///< it comes from a centre of a neighbouring territory
};

/// Firms that meet for something else than a dossier: a workshop, or a job that they share.
struct Group {
    RuleId rule;             ///< index in Market::workshops or Market::shared_staff
    std::uint32_t seat = 0;  ///< index in Market::sites for a workshop, of a member for a job
    struct Member {
        FirmId firm;
        double amount = 0;  ///< days per month for a job, 1 for a workshop
        double distance_km = 0;
    };
    std::vector<Member> members;  ///< sorted by firm
    double value = 0;
};

/// One stop of an adviser's day.
struct Visit {
    AdviserId adviser;
    std::int32_t day = 1;
    std::int32_t position = 1;
    FirmId firm;
    double leg_km = 0;   ///< from the stop before, or from home
    double home_km = 0;  ///< back home from here
};

/// Whose visit a firm waits for.
struct VisitChoice {
    FirmId firm;
    AdviserId adviser;
};

struct Unserved {
    std::string stage;
    FirmId firm;
    std::string reason;
    double amount_eur = 0;  ///< stage pool: the amount that sought a dossier
    // Of stage pool:
    double missing_eur =
        std::nan("");        ///< lacking to the ticket within reach; NaN = nothing is said
    DossierId nearest = {};  ///< the dossier nearest to it whose keys it shares
    std::string needs = {};  ///< all that it would need to be taken there
};

/// What a programme makes of one of its quotas.
struct QuotaUse {
    std::int64_t pairs = 0;
    double price = 0;  ///< score units; > 0 pays for the upper end, < 0 for the lower
};

/// How the assignment of a programme stands to an earlier one; see AssignmentResult.
struct Churn {
    std::vector<Pair> previous;  ///< sorted, one per firm
    std::optional<std::int64_t> max_changes;
    std::int64_t changes = 0, forced_changes = 0;
    double change_price = 0;
    /// The answer without max_changes, with its own proof: pairs, prices, certificate and counts of
    /// changes. Null where the limit cost nothing, or there was none.
    std::shared_ptr<const AssignmentResult> unlimited;
};

/// How much of a market a stage looked at, over all its lists and proofs.
struct PairsSeen {
    std::uint64_t lists = 0;     ///< firms asked, each time anew
    std::uint64_t filtered = 0;  ///< net values of pairs in whole steps (net_block.hpp)
    std::uint64_t scored = 0;    ///< pairs scored in full
};

/// Names of stages. Each programme's assignment is a stage "assign:<programme>".
namespace stage {
inline const std::string fund = "fund", pool = "pool", lead = "lead", lend = "lend",
                         specialists = "specialists", resources = "resources",
                         workshops = "workshops", visits = "visits",
                         visit_choices = "visit_choices", shared_staff = "shared_staff";
inline std::string assign(const Programme& p) { return "assign:" + p.name; }
}  // namespace stage

struct Plan {
    std::vector<Assigned> assignments;
    std::vector<Dossier> dossiers;
    std::vector<Specialist> specialists;  ///< sorted by dossier, then adviser
    std::vector<Grant> grants;
    std::vector<BudgetUse> budgets;  ///< one per scheme, once grants were made
    std::vector<Loan> loans;
    std::vector<FundingPath> paths;  ///< sorted by firm, then kind
    std::vector<Recommendation> resources;
    std::vector<Group> workshops, shared_staff;
    std::vector<Visit> visits;               ///< by adviser, day and position
    std::vector<VisitChoice> visit_choices;  ///< where no assignment says whose firm it is; by firm
    std::vector<Unserved> unserved;
    std::vector<std::pair<std::string, Certificate>>
        certificates;  ///< by stage, in order of solving
    std::map<std::string, std::vector<double>>
        prices;  ///< by stage; of whom, detail::price_owners says (plan_tables.hpp)
    std::map<std::string, PairsSeen> seen;  ///< by stage, while the plan is new; not in its tables
    // By stage, when infeasible; see AssignmentResult.
    std::map<std::string, std::vector<Blocker>> blockers;
    std::map<std::string, std::vector<Relaxation>> relaxations;
    std::map<std::string, std::vector<Pair>> relaxed_pairs;
    std::map<std::string, std::vector<QuotaUse>> quotas;  ///< by stage; see programme_quotas
    std::map<std::string, Churn> churn;  ///< by stage, of programmes with an earlier assignment
    std::vector<Fault>
        unreadable;  ///< rows of a plan that was read back and names what the market lacks

    [[nodiscard]] const Certificate* certificate(const std::string& stage) const {
        for (const auto& [name, c] : certificates) {
            if (name == stage) return &c;
        }
        return nullptr;
    }
};

/// Where a dossier meets.
[[nodiscard]] inline PlaceId seat_place(const Market& market, const Dossier& dossier) {
    return dossier.site.known() ? market.sites[dossier.site].place
                                : market.firms.place[dossier.seat];
}

/// The programme of a stage "assign:<programme>", or none.
[[nodiscard]] inline ProgrammeId programme_of(const Market& market, const std::string& stage_name) {
    for (std::size_t p = 0; p < market.programmes.size(); ++p) {
        if (stage::assign(market.programmes[p]) == stage_name) return ProgrammeId(p);
    }
    return {};
}

/// The quotas that count in a programme, in the order of their table.
[[nodiscard]] inline std::vector<Quota> programme_quotas(const Market& market, ProgrammeId p) {
    std::vector<Quota> quotas;
    for (const MarketQuota& q : market.quotas) {
        if (!market.counts_in(q, p)) continue;
        Quota& made = quotas.emplace_back();
        if (!q.all_firms) made.firms = q.firms;
        if (!q.all_advisers) made.advisers = q.advisers;
        made.at_least = q.lower;
        made.at_most = q.upper;
        made.name = q.name;
    }
    return quotas;
}

/// How many of the pairs a quota holds.
[[nodiscard]] inline std::int64_t pairs_in(const Quota& quota, const std::vector<Pair>& pairs) {
    const auto among = [](const auto& members, auto id) {
        return !members || std::binary_search(members->begin(), members->end(), id);
    };
    return std::count_if(pairs.begin(), pairs.end(), [&](const Pair& p) {
        return among(quota.firms, p.firm) && among(quota.advisers, p.adviser);
    });
}

/// The advisers of each firm, over all programmes.
[[nodiscard]] inline std::vector<std::vector<AdviserId>> advisers_of_firms(const Market& market,
                                                                           const Plan& plan) {
    std::vector<std::vector<AdviserId>> out(market.firms.size());
    for (const Assigned& a : plan.assignments) out[a.firm].push_back(a.adviser);
    return out;
}

/// Flags of the firms that a programme has reached.
[[nodiscard]] inline std::vector<std::uint8_t> reached_by(const Market& market, const Plan& plan,
                                                          ProgrammeId programme) {
    std::vector<std::uint8_t> reached(market.firms.size(), 0);
    for (const Assigned& a : plan.assignments) {
        if (a.programme == programme) reached[a.firm] = 1;
    }
    return reached;
}

}  // namespace libmatch
