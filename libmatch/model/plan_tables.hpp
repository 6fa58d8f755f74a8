// A plan as tables with ids, and back.
//
// Reading back never throws for contents: rows that name what the market lacks are kept in
// Plan::unreadable, where the judge finds them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <libmatch/model/plan.hpp>
#include <libmatch/model/service_tables.hpp>
#include <libmatch/model/table_reader.hpp>
#include <libmatch/model/table_writer.hpp>

namespace libmatch {
namespace detail {

inline std::string dossier_name(std::size_t d) {
    std::string digits = std::to_string(d + 1);
    return "D" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

inline constexpr std::array<std::string_view, 4> blocker_kinds{"firm", "adviser", "pin", "quota"};

/// Kind of the prices of advisers that prove the answer without a limit on changes.
inline constexpr std::string_view unlimited_price = "adviser_unlimited";

/// Kind of the prices of quotas.
inline constexpr std::string_view quota_price = "quota";
inline constexpr std::array<std::string_view, 3> path_kinds{"solo", "pooled", "none"};

/// Things of one kind that have prices, and their ids.
struct PriceOwner {
    std::string kind;
    std::vector<std::string> ids;
};

/// The owners of a stage's prices, in the order of these.
inline std::vector<PriceOwner> price_owners(const Market& market, const Plan& plan,
                                            const std::string& stage_name) {
    const auto ids = [](const char* kind, const auto& rows) {
        PriceOwner owner{kind, {}};
        for (const auto& row : rows) owner.ids.push_back(row.id);
        return owner;
    };
    const auto& firms = market.firms.id;
    const auto& advisers = market.advisers.id;
    if (stage_name == stage::resources) return {};
    if (stage_name == stage::fund) {
        PriceOwner rooms{"dossier", {}};
        for (std::size_t d = 0; d < plan.dossiers.size(); ++d) rooms.ids.push_back(dossier_name(d));
        return {ids("scheme", market.schemes), rooms};
    }
    if (stage_name == stage::lend) return {ids("lender", market.lenders)};
    if (stage_name == stage::pool || stage_name == stage::workshops)
        return {{"firm", firms}, ids("site", market.sites)};
    if (stage_name == stage::visits)
        return {{"firm", firms}, {"adviser_day", advisers}, {"adviser_km", advisers}};
    if (stage_name == stage::shared_staff) return {{"firm", firms}};
    return {{"adviser", advisers}};
}

class PlanReader {
  public:
    PlanReader(const Market& market, const Tables& tables) : market_(market), tables_(tables) {
        for (std::size_t r = 0; r < market.resources.size(); ++r)
            resource_.emplace(market.resources[r].id, r);
        for (std::size_t s = 0; s < market.schemes.size(); ++s)
            scheme_.emplace(market.schemes[s].id, s);
        for (std::size_t l = 0; l < market.lenders.size(); ++l)
            lender_.emplace(market.lenders[l].id, l);
        for (std::size_t p = 0; p < market.programmes.size(); ++p)
            programme_.emplace(market.programmes[p].name, p);
        for (std::size_t s = 0; s < market.sites.size(); ++s) site_.emplace(market.sites[s].id, s);
        for (std::size_t r = 0; r < market.dossier_rules.size(); ++r)
            rule_.emplace(market.dossier_rules[r].rule.name, r);
    }

    Plan read() {
        read_assignments();
        read_dossiers();
        read_grants_and_loans();
        read_resources_and_unserved();
        read_service_tables(market_, tables_, plan_);
        read_infeasible();
        read_quotas();
        read_churn();
        read_certificates_and_prices();
        return std::move(plan_);
    }

  private:
    TableReader open(const char* name) { return {tables_, name, plan_.unreadable}; }

    void read_assignments() {
        TableReader in = open("assignments");
        const auto *programme = in.required_text("programme"), *firm = in.required_text("firm_id"),
                   *adviser = in.required_text("adviser_id");
        const auto score = in.numbers("score", 0, {}), coverage = in.numbers("coverage", 0, {}),
                   proximity = in.numbers("proximity", 0, {}), trust = in.numbers("trust", 0, {}),
                   bonus = in.numbers("bonus", 0, {}), distance = in.numbers("distance_km", 0, {}),
                   pinned = in.numbers("pinned", 0, {});
        for (std::size_t r = 0; r < in.rows(); ++r) {
            Assigned a{look_up<ProgrammeId>(in, programme, "programme", r, programme_),
                       look_up<FirmId>(in, firm, "firm_id", r, market_.firm_index),
                       look_up<AdviserId>(in, adviser, "adviser_id", r, market_.adviser_index),
                       score[r],
                       coverage[r],
                       proximity[r],
                       trust[r],
                       bonus[r],
                       distance[r],
                       pinned[r] != 0};
            if (a.programme.known() && a.firm.known() && a.adviser.known())
                plan_.assignments.push_back(a);
        }
    }

    void read_dossiers() {
        TableReader in = open("dossiers");
        const auto *id = in.required_text("dossier_id"), *rule = in.required_text("rule"),
                   *seat = in.text("seat_firm_id"), *site = in.text("seat_site_id"),
                   *lead = in.text("lead_adviser_id"), *lender = in.text("lender_id");
        const auto sum = in.numbers("sum_eur", 0, {}), value = in.numbers("value", 0, {});
        for (std::size_t r = 0; r < in.rows() && id != nullptr; ++r) {
            Dossier d;
            d.rule = look_up<RuleId>(in, rule, "rule", r, rule_);
            d.seat = look_up<FirmId>(in, seat, "seat_firm_id", r, market_.firm_index);
            d.site = look_up<SiteId>(in, site, "seat_site_id", r, site_);
            d.lead = look_up<AdviserId>(in, lead, "lead_adviser_id", r, market_.adviser_index);
            d.lender = look_up<LenderId>(in, lender, "lender_id", r, lender_);
            d.sum_eur = sum[r];
            d.value = value[r];
            if (!dossier_.emplace(std::string((*id)[r]), plan_.dossiers.size()).second) {
                in.fault(r, "dossier_id", (*id)[r], "the id is used twice",
                         "give each dossier its own id");
                continue;
            }
            plan_.dossiers.push_back(std::move(d));
        }
        TableReader assist = open("dossier_specialists");
        const auto *assisted = assist.text("dossier_id"), *assisting = assist.text("adviser_id");
        const auto adds = assist.numbers("adds", 0, {});
        for (std::size_t r = 0; r < assist.rows(); ++r) {
            const Specialist s{
                look_up<DossierId>(assist, assisted, "dossier_id", r, dossier_),
                look_up<AdviserId>(assist, assisting, "adviser_id", r, market_.adviser_index),
                adds[r]};
            if (s.dossier.known() && s.adviser.known()) plan_.specialists.push_back(s);
        }
        TableReader members = open("dossier_members");
        const auto *of = members.required_text("dossier_id"),
                   *firm = members.required_text("firm_id");
        const auto amount = members.numbers("amount_eur", 0, {}),
                   distance = members.numbers("distance_km", 0, {});
        for (std::size_t r = 0; r < members.rows(); ++r) {
            const auto d = look_up<DossierId>(members, of, "dossier_id", r, dossier_);
            const auto i = look_up<FirmId>(members, firm, "firm_id", r, market_.firm_index);
            if (d.known() && i.known())
                plan_.dossiers[d].members.push_back({i, amount[r], distance[r]});
        }
        for (std::size_t d = 0; d < plan_.dossiers.size(); ++d) {
            const Dossier& x = plan_.dossiers[d];
            if (!x.rule.known() || x.seat.known() == x.site.known()) {
                in.fault(static_cast<std::int64_t>(-1), "rule", dossier_name(d),
                         "the dossier has no rule or not one seat",
                         "name the rule, and a firm or a site");
            }
        }
    }

    void read_grants_and_loans() {
        TableReader in = open("grants");
        const auto *firm = in.required_text("firm_id"), *scheme = in.required_text("scheme_id");
        const auto amount = in.numbers("amount_eur", 0, {});
        for (std::size_t r = 0; r < in.rows(); ++r) {
            const Grant g{look_up<FirmId>(in, firm, "firm_id", r, market_.firm_index),
                          look_up<SchemeId>(in, scheme, "scheme_id", r, scheme_), amount[r]};
            if (g.firm.known() && g.scheme.known()) plan_.grants.push_back(g);
        }
        TableReader budgets = open("budgets");
        const auto* of = budgets.text("scheme_id");
        const auto firms_open = budgets.numbers("firms_open", 0, {}),
                   served = budgets.numbers("firms_served", 0, {}),
                   asked = budgets.numbers("asked_eur", 0, {}),
                   granted = budgets.numbers("granted_eur", 0, {}),
                   left = budgets.numbers("left_eur", HUGE_VAL, {}),
                   marginal = budgets.numbers("marginal_eur", 0, {});
        for (std::size_t r = 0; r < budgets.rows() && of != nullptr; ++r) {
            const auto s = look_up<SchemeId>(budgets, of, "scheme_id", r, scheme_);
            if (s.known())
                plan_.budgets.push_back(
                    {s, firms_open[r], served[r], asked[r], granted[r], left[r], marginal[r]});
        }
        read_paths();
        TableReader loans = open("loans");
        const auto *dossier = loans.text("dossier_id"), *borrower = loans.text("firm_id"),
                   *lender = loans.required_text("lender_id");
        const auto lent = loans.numbers("amount_eur", 0, {});
        for (std::size_t r = 0; r < loans.rows(); ++r) {
            const Loan loan{look_up<DossierId>(loans, dossier, "dossier_id", r, dossier_),
                            look_up<FirmId>(loans, borrower, "firm_id", r, market_.firm_index),
                            look_up<LenderId>(loans, lender, "lender_id", r, lender_), lent[r]};
            if (loan.lender.known() && (loan.dossier.known() || loan.firm.known()))
                plan_.loans.push_back(loan);
        }
    }

    void read_paths() {
        TableReader in = open("paths");
        const auto *firm = in.text("firm_id"), *path = in.text("path"),
                   *lender = in.text("lender_id"), *dossier = in.text("dossier_id");
        const auto chosen = in.numbers("chosen", 0, {}),
                   residual = in.numbers("residual_eur", 0, {}),
                   grants = in.numbers("grants_eur", 0, {}), loan = in.numbers("loan_eur", 0, {}),
                   interest = in.numbers("interest_eur", 0, {}),
                   distance = in.numbers("distance_km", 0, {});
        for (std::size_t r = 0; r < in.rows() && firm != nullptr && path != nullptr; ++r) {
            const auto at = std::find(path_kinds.begin(), path_kinds.end(), (*path)[r]);
            if (at == path_kinds.end()) {
                in.fault(r, "path", (*path)[r], "this is no path", "use solo, pooled or none");
                continue;
            }
            const auto i = look_up<FirmId>(in, firm, "firm_id", r, market_.firm_index);
            if (!i.known()) continue;
            plan_.paths.push_back({i, static_cast<FundingPath::Kind>(at - path_kinds.begin()),
                                   chosen[r] != 0, residual[r], grants[r], loan[r], interest[r],
                                   look_up<LenderId>(in, lender, "lender_id", r, lender_),
                                   look_up<DossierId>(in, dossier, "dossier_id", r, dossier_),
                                   distance[r]});
        }
    }

    void read_resources_and_unserved() {
        TableReader in = open("resources");
        const auto *firm = in.required_text("firm_id"), *resource = in.required_text("resource_id");
        const auto rank = in.numbers("rank", 1, {}), score = in.numbers("score", 0, {}),
                   adds = in.numbers("adds", 0, {}), neighbour = in.numbers("neighbour", 0, {});
        for (std::size_t r = 0; r < in.rows(); ++r) {
            const Recommendation x{look_up<FirmId>(in, firm, "firm_id", r, market_.firm_index),
                                   static_cast<int>(rank[r]),
                                   look_up<ResourceId>(in, resource, "resource_id", r, resource_),
                                   score[r],
                                   adds[r],
                                   neighbour[r] != 0};
            if (x.firm.known() && x.resource.known()) plan_.resources.push_back(x);
        }
        TableReader out = open("unserved");
        const auto *stage_name = out.required_text("stage"), *left = out.required_text("firm_id"),
                   *reason = out.text("reason");
        const auto *nearest = out.text("nearest_dossier_id"), *needs = out.text("needs");
        const auto amount = out.numbers("amount_eur", 0, {}),
                   missing = out.numbers("missing_eur", std::nan(""), {});
        for (std::size_t r = 0; r < out.rows(); ++r) {
            const auto i = look_up<FirmId>(out, left, "firm_id", r, market_.firm_index);
            if (!i.known() || stage_name == nullptr) continue;
            plan_.unserved.push_back(
                {std::string((*stage_name)[r]), i,
                 std::string(reason != nullptr ? (*reason)[r] : ""), amount[r], missing[r],
                 look_up<DossierId>(out, nearest, "nearest_dossier_id", r, dossier_),
                 std::string(needs != nullptr ? (*needs)[r] : "")});
        }
    }

    static std::vector<std::int64_t> units(TableReader& in, std::string_view column) {
        constexpr double most = 9e15;
        return in.whole<std::int64_t>(column, 0, 0, most);
    }

    /// What an infeasible stage says. Plans of earlier versions lack these tables.
    void read_infeasible() {
        TableReader in = open("blockers");
        const auto *stage_name = in.text("stage"), *kind = in.text("kind"),
                   *why = in.text("reason");
        const auto needed = units(in, "needed"), reachable = units(in, "reachable"),
                   shortfall = units(in, "shortfall");
        for (std::size_t r = 0; stage_name != nullptr && kind != nullptr && r < in.rows(); ++r) {
            Blocker b;
            const auto at = std::find(blocker_kinds.begin(), blocker_kinds.end(), (*kind)[r]);
            if (at == blocker_kinds.end()) {
                in.fault(r, "kind", (*kind)[r], "this is no kind of blocker",
                         "use firm, adviser, pin or quota");
                continue;
            }
            b.kind = static_cast<Blocker::Kind>(at - blocker_kinds.begin());
            b.needed = needed[r];
            b.reachable = reachable[r];
            b.shortfall = shortfall[r];
            b.reason = why == nullptr ? std::string() : std::string((*why)[r]);
            plan_.blockers[std::string((*stage_name)[r])].push_back(std::move(b));
        }
        TableReader members = open("blocker_members");
        const auto *of = members.text("stage"), *firm = members.text("firm_id"),
                   *adviser = members.text("adviser_id");
        const auto number = units(members, "blocker");
        for (std::size_t r = 0; of != nullptr && r < members.rows(); ++r) {
            const auto i = look_up<FirmId>(members, firm, "firm_id", r, market_.firm_index);
            const auto j =
                look_up<AdviserId>(members, adviser, "adviser_id", r, market_.adviser_index);
            auto& all = plan_.blockers[std::string((*of)[r])];
            if (number[r] < 1 || number[r] > static_cast<std::int64_t>(all.size())) {
                members.fault(r, "blocker", std::to_string(number[r]),
                              "the table blockers has no such number", "keep both tables");
                continue;
            }
            Blocker& b = all[static_cast<std::size_t>(number[r]) - 1];
            if (i.known() && j.known()) {
                b.pins.push_back({i, j});
            } else if (i.known()) {
                b.firms.push_back(i);
            } else if (j.known()) {
                b.advisers.push_back(j);
            }
        }
        read_relaxations();
    }

    void read_relaxations() {
        TableReader in = open("relaxations");
        const auto *of = in.text("stage"), *limit = in.text("limit"), *firm = in.text("firm_id"),
                   *adviser = in.text("adviser_id");
        const auto before = units(in, "units_before"), after = units(in, "units_after");
        constexpr std::array limits{Relaxation::Limit::capacity, Relaxation::Limit::min_load,
                                    Relaxation::Limit::min_demand, Relaxation::Limit::pin};
        for (std::size_t r = 0; of != nullptr && limit != nullptr && r < in.rows(); ++r) {
            const auto at = std::find_if(limits.begin(), limits.end(),
                                         [&](auto l) { return name(l) == (*limit)[r]; });
            if (at == limits.end()) {
                in.fault(r, "limit", (*limit)[r], "there is no such limit",
                         "use capacity, min_load, min_demand or pin");
                continue;
            }
            plan_.relaxations[std::string((*of)[r])].push_back(
                {*at, look_up<FirmId>(in, firm, "firm_id", r, market_.firm_index),
                 look_up<AdviserId>(in, adviser, "adviser_id", r, market_.adviser_index), before[r],
                 after[r]});
        }
        TableReader pairs = open("relaxed_assignments");
        const auto *stage_name = pairs.text("stage"), *who = pairs.text("firm_id"),
                   *whom = pairs.text("adviser_id");
        for (std::size_t r = 0; stage_name != nullptr && r < pairs.rows(); ++r) {
            const Pair p{look_up<FirmId>(pairs, who, "firm_id", r, market_.firm_index),
                         look_up<AdviserId>(pairs, whom, "adviser_id", r, market_.adviser_index)};
            if (p.firm.known() && p.adviser.known())
                plan_.relaxed_pairs[std::string((*stage_name)[r])].push_back(p);
        }
    }

    /// What programmes make of their quotas.
    void read_quotas() {
        std::map<std::string, std::map<std::string, std::size_t, std::less<>>> index;
        const auto use = [&](TableReader& in, std::size_t row, std::string_view stage_name,
                             std::string_view quota) -> QuotaUse* {
            const std::string of(stage_name);
            auto& names = index[of];
            if (const ProgrammeId p = programme_of(market_, of); names.empty() && p.known()) {
                for (const Quota& q : programme_quotas(market_, p))
                    names.emplace(q.name, names.size());
                if (!names.empty()) plan_.quotas[of].resize(names.size());
            }
            const auto at = names.find(quota);
            if (at != names.end()) return &plan_.quotas[of][at->second];
            in.fault(row, "name", quota, "the stage has no such quota",
                     "use the plan with the market it was made for");
            return nullptr;
        };
        TableReader in = open("quotas");
        const auto *stage_name = in.text("stage"), *quota = in.text("name");
        const auto pairs = in.numbers("pairs", 0, {});
        for (std::size_t r = 0; stage_name != nullptr && quota != nullptr && r < in.rows(); ++r) {
            if (QuotaUse* found = use(in, r, (*stage_name)[r], (*quota)[r]))
                found->pairs = count(pairs[r]);
        }
        TableReader prices = open("prices");
        const auto *of = prices.text("stage"), *kind = prices.text("kind"), *id = prices.text("id");
        const auto price = prices.numbers("price", 0, {});
        for (std::size_t r = 0;
             of != nullptr && kind != nullptr && id != nullptr && r < prices.rows(); ++r) {
            if ((*kind)[r] != quota_price) continue;
            if (QuotaUse* found = use(prices, r, (*of)[r], (*id)[r])) found->price = price[r];
        }
    }

    /// How programmes stand to an earlier plan. Plans of earlier versions lack these tables.
    void read_churn() {
        TableReader in = open("changes");
        const auto *stage_name = in.text("stage"), *status = in.text("unlimited_status");
        const auto changes = in.numbers("changes", 0, {}),
                   forced = in.numbers("forced_changes", 0, {}),
                   most = in.numbers("max_changes", std::nan(""), {}),
                   price = in.numbers("change_price", 0, {}),
                   objective = in.numbers("unlimited_objective", 0, {}),
                   bound = in.numbers("unlimited_bound", 0, {}),
                   unit = in.numbers("unlimited_unit", 0, {}),
                   free_changes = in.numbers("unlimited_changes", 0, {});
        std::map<std::string, AssignmentResult> unlimited;
        for (std::size_t r = 0; stage_name != nullptr && r < in.rows(); ++r) {
            const std::string name((*stage_name)[r]);
            Churn& churn = plan_.churn[name];
            churn.changes = count(changes[r]);
            churn.forced_changes = count(forced[r]);
            if (!std::isnan(most[r])) churn.max_changes = count(most[r]);
            churn.change_price = price[r];
            if (status == nullptr || (*status)[r].empty()) continue;
            AssignmentResult& free = unlimited[name];
            free.certificate = {read_status(in, r, "unlimited_status", (*status)[r]), objective[r],
                                bound[r], unit[r], 0};
            free.changes = count(free_changes[r]);
            free.forced_changes = churn.forced_changes;
            free.prices.assign(market_.advisers.size(), 0.0);
        }
        read_pairs_of("previous_assignments", [&](const std::string& name, Pair p) {
            plan_.churn[name].previous.push_back(p);
        });
        read_pairs_of("unlimited_assignments",
                      [&](const std::string& name, Pair p) { unlimited[name].pairs.push_back(p); });
        TableReader prices = open("prices");
        const auto *of = prices.text("stage"), *kind = prices.text("kind"), *id = prices.text("id");
        const auto paid = prices.numbers("price", 0, {});
        for (std::size_t r = 0;
             of != nullptr && kind != nullptr && id != nullptr && r < prices.rows(); ++r) {
            if ((*kind)[r] != unlimited_price) continue;
            const auto at = unlimited.find(std::string((*of)[r]));
            const auto j = look_up<AdviserId>(prices, id, "id", r, market_.adviser_index);
            if (at != unlimited.end() && j < at->second.prices.size())
                at->second.prices[j] = paid[r];
        }
        for (auto& [name, free] : unlimited) {
            std::sort(free.pairs.begin(), free.pairs.end());
            plan_.churn[name].unlimited = std::make_shared<const AssignmentResult>(std::move(free));
        }
        for (auto& [name, churn] : plan_.churn)
            std::sort(churn.previous.begin(), churn.previous.end());
    }
    /// Whole numbers that people may have changed.
    static std::int64_t count(double x) {
        return std::fabs(x) < 9e15 ? static_cast<std::int64_t>(x) : -1;
    }
    template <class Take>
    void read_pairs_of(const char* table, const Take& take) {
        TableReader in = open(table);
        const auto *of = in.text("stage"), *firm = in.text("firm_id"),
                   *adviser = in.text("adviser_id");
        for (std::size_t r = 0; of != nullptr && r < in.rows(); ++r) {
            const Pair p{look_up<FirmId>(in, firm, "firm_id", r, market_.firm_index),
                         look_up<AdviserId>(in, adviser, "adviser_id", r, market_.adviser_index)};
            if (p.firm.known() && p.adviser.known()) take(std::string((*of)[r]), p);
        }
    }
    static Status read_status(TableReader& in, std::size_t row, const char* column,
                              std::string_view text) {
        constexpr std::array statuses{Status::optimal, Status::within_gap, Status::time_limit,
                                      Status::cancelled, Status::infeasible};
        const auto at = std::find_if(statuses.begin(), statuses.end(),
                                     [&](Status s) { return name(s) == text; });
        if (at != statuses.end()) return *at;
        in.fault(row, column, text, "this is no status", "use one that the solver gives");
        return Status::time_limit;
    }

    void read_certificates_and_prices() {
        TableReader in = open("certificates");
        const auto *stage_name = in.required_text("stage"), *status = in.required_text("status");
        const auto objective = in.numbers("objective", 0, {}), bound = in.numbers("bound", 0, {}),
                   unit = in.numbers("unit", 0, {}), seconds = in.numbers("seconds", 0, {});
        for (std::size_t r = 0; r < in.rows() && stage_name != nullptr && status != nullptr; ++r) {
            const Certificate c{read_status(in, r, "status", (*status)[r]), objective[r], bound[r],
                                unit[r], seconds[r]};
            plan_.certificates.emplace_back(std::string((*stage_name)[r]), c);
            const std::string& name_of = plan_.certificates.back().first;
            if (name_of == stage::resources) continue;
            std::size_t owners = 0;
            for (const PriceOwner& owner : price_owners(market_, plan_, name_of))
                owners += owner.ids.size();
            plan_.prices[name_of].assign(owners, 0.0);
        }
        TableReader prices = open("prices");
        const auto *of = prices.required_text("stage"), *id = prices.required_text("id"),
                   *kind = prices.text("kind");
        const auto price = prices.numbers("price", 0, {});
        using ById = std::unordered_map<std::string, std::size_t>;
        std::map<std::string, std::map<std::string, ById, std::less<>>> index;
        for (std::size_t r = 0; r < prices.rows() && of != nullptr && id != nullptr; ++r) {
            if (kind != nullptr && ((*kind)[r] == unlimited_price || (*kind)[r] == quota_price))
                continue;  // read_churn and read_quotas have them
            const std::string stage_of((*of)[r]);
            const auto values = plan_.prices.find(stage_of);
            if (values == plan_.prices.end()) {
                prices.fault(r, "stage", stage_of, "the plan has no certificate of this stage",
                             "keep both");
                continue;
            }
            auto& ids = index[stage_of];
            if (ids.empty()) {
                std::size_t k = 0;
                for (const PriceOwner& o : price_owners(market_, plan_, stage_of)) {
                    for (const std::string& each : o.ids) ids[o.kind].emplace(each, k++);
                }
            }
            const auto of_kind = kind == nullptr ? ids.begin() : ids.find((*kind)[r]);
            if (of_kind == ids.end()) {
                prices.fault(r, "kind", kind == nullptr ? "" : (*kind)[r],
                             "the stage has no prices of this kind", "keep the plan's own rows");
                continue;
            }
            const auto at = look_up<FirmId>(prices, id, "id", r, of_kind->second);
            if (at.known()) values->second[at] = price[r];
        }
    }

    const Market& market_;
    const Tables& tables_;
    Plan plan_;
    std::unordered_map<std::string, std::size_t> resource_, scheme_, lender_, programme_, rule_,
        dossier_, site_;
};

}  // namespace detail

namespace detail {

/// What programmes make of their quotas, and the prices of these.
inline void write_quotas(const Market& market, const Plan& plan, Tables& tables,
                         TableWriter& prices) {
    using W = TableWriter;
    W quotas({{"stage", W::text},
              {"name", W::text},
              {"lower", W::integer},
              {"upper", W::integer},
              {"pairs", W::integer}});
    for (const auto& [name, used] : plan.quotas) {
        const auto all = programme_quotas(market, programme_of(market, name));
        for (std::size_t q = 0; q < used.size() && q < all.size(); ++q) {
            quotas << name << all[q].name << static_cast<double>(all[q].at_least)
                   << (all[q].at_most == Quota::no_limit ? std::nan("")
                                                         : static_cast<double>(all[q].at_most))
                   << static_cast<double>(used[q].pairs);
            if (used[q].price != 0) prices << name << quota_price << all[q].name << used[q].price;
        }
    }
    tables.emplace("quotas", quotas.table());
}

/// How programmes stand to an earlier plan, and the prices of their answers without a limit.
inline void write_churn(const Market& market, const Plan& plan, Tables& tables,
                        TableWriter& prices) {
    using W = TableWriter;
    W changes({{"stage", W::text},
               {"changes", W::integer},
               {"forced_changes", W::integer},
               {"max_changes", W::integer},
               {"change_price", W::real},
               {"unlimited_status", W::text},
               {"unlimited_objective", W::real},
               {"unlimited_bound", W::real},
               {"unlimited_unit", W::real},
               {"unlimited_changes", W::integer}});
    const auto pairs_table = [] {
        return W({{"stage", W::text}, {"firm_id", W::text}, {"adviser_id", W::text}});
    };
    W previous = pairs_table(), unlimited = pairs_table();
    const auto add = [&](W& table, const std::string& name, const std::vector<Pair>& pairs) {
        for (const Pair& p : pairs)
            table << name << market.firms.id[p.firm] << market.advisers.id[p.adviser];
    };
    const double none = std::nan("");
    for (const auto& [name, churn] : plan.churn) {
        add(previous, name, churn.previous);
        changes << name << static_cast<double>(churn.changes)
                << static_cast<double>(churn.forced_changes)
                << (churn.max_changes ? static_cast<double>(*churn.max_changes) : none)
                << churn.change_price;
        if (!churn.unlimited) {
            changes << "" << none << none << none << none;
            continue;
        }
        const AssignmentResult& free = *churn.unlimited;
        changes << libmatch::name(free.certificate.status) << free.certificate.objective
                << free.certificate.bound << free.certificate.unit
                << static_cast<double>(free.changes);
        add(unlimited, name, free.pairs);
        for (std::size_t j = 0; j < free.prices.size(); ++j) {
            if (free.prices[j] != 0)
                prices << name << unlimited_price << market.advisers.id[j] << free.prices[j];
        }
    }
    tables.emplace("changes", changes.table());
    tables.emplace("previous_assignments", previous.table());
    tables.emplace("unlimited_assignments", unlimited.table());
}

}  // namespace detail

[[nodiscard]] inline Tables plan_tables(const Market& market, const Plan& plan) {
    using W = detail::TableWriter;
    const auto firm = [&](FirmId i) {
        return i.known() ? std::string_view(market.firms.id[i]) : std::string_view();
    };
    const auto adviser = [&](AdviserId j) {
        return j.known() ? std::string_view(market.advisers.id[j]) : std::string_view();
    };
    const auto lender = [&](LenderId l) {
        return l.known() ? std::string_view(market.lenders[l].id) : std::string_view();
    };
    const auto site = [&](SiteId s) {
        return s.known() ? std::string_view(market.sites[s].id) : std::string_view();
    };
    Tables tables;

    W assignments({{"programme", W::text},
                   {"firm_id", W::text},
                   {"adviser_id", W::text},
                   {"score", W::real},
                   {"coverage", W::real},
                   {"proximity", W::real},
                   {"trust", W::real},
                   {"bonus", W::real},
                   {"distance_km", W::real},
                   {"pinned", W::boolean}});
    for (const Assigned& a : plan.assignments) {
        assignments << market.programmes[a.programme].name << firm(a.firm) << adviser(a.adviser)
                    << a.score << a.coverage << a.proximity << a.trust << a.bonus << a.distance_km
                    << (a.pinned ? 1.0 : 0.0);
    }
    tables.emplace("assignments", assignments.table());

    W dossiers({{"dossier_id", W::text},
                {"rule", W::text},
                {"seat_firm_id", W::text},
                {"seat_site_id", W::text},
                {"members", W::integer},
                {"sum_eur", W::real},
                {"value", W::real},
                {"lead_adviser_id", W::text},
                {"lender_id", W::text}});
    W members({{"dossier_id", W::text},
               {"firm_id", W::text},
               {"amount_eur", W::real},
               {"distance_km", W::real}});
    for (std::size_t d = 0; d < plan.dossiers.size(); ++d) {
        const Dossier& x = plan.dossiers[d];
        const std::string id = detail::dossier_name(d);
        dossiers << id << (x.rule.known() ? market.dossier_rules[x.rule].rule.name : std::string())
                 << firm(x.seat) << site(x.site) << static_cast<double>(x.members.size())
                 << x.sum_eur << x.value << adviser(x.lead) << lender(x.lender);
        for (const DossierMember& m : x.members)
            members << id << firm(m.firm) << m.amount_eur << m.distance_km;
    }
    tables.emplace("dossiers", dossiers.table());
    tables.emplace("dossier_members", members.table());
    W specialists({{"dossier_id", W::text}, {"adviser_id", W::text}, {"adds", W::real}});
    for (const Specialist& s : plan.specialists)
        specialists << detail::dossier_name(s.dossier.value) << adviser(s.adviser) << s.adds;
    tables.emplace("dossier_specialists", specialists.table());

    W grants({{"firm_id", W::text}, {"scheme_id", W::text}, {"amount_eur", W::real}});
    for (const Grant& g : plan.grants)
        grants << firm(g.firm) << market.schemes[g.scheme].id << g.amount_eur;
    tables.emplace("grants", grants.table());

    W budgets({{"scheme_id", W::text},
               {"firms_open", W::integer},
               {"firms_served", W::integer},
               {"asked_eur", W::real},
               {"granted_eur", W::real},
               {"left_eur", W::real},
               {"marginal_eur", W::real}});
    for (const BudgetUse& b : plan.budgets) {
        // Without a budget there is no end to what is left: a missing value.
        budgets << market.schemes[b.scheme].id << b.firms_open << b.firms_served << b.asked_eur
                << b.granted_eur << (std::isfinite(b.left_eur) ? b.left_eur : std::nan(""))
                << b.marginal_eur;
    }
    tables.emplace("budgets", budgets.table());

    W loans({{"loan_id", W::text},
             {"kind", W::text},
             {"dossier_id", W::text},
             {"firm_id", W::text},
             {"lender_id", W::text},
             {"amount_eur", W::real}});
    for (std::size_t k = 0; k < plan.loans.size(); ++k) {
        const Loan& x = plan.loans[k];
        loans << "L" + detail::dossier_name(k).substr(1) << (x.dossier.known() ? "pooled" : "solo")
              << (x.dossier.known() ? detail::dossier_name(x.dossier) : std::string())
              << firm(x.firm) << lender(x.lender) << x.amount_eur;
    }
    tables.emplace("loans", loans.table());

    W paths({{"firm_id", W::text},
             {"path", W::text},
             {"chosen", W::boolean},
             {"residual_eur", W::real},
             {"grants_eur", W::real},
             {"loan_eur", W::real},
             {"interest_eur", W::real},
             {"lender_id", W::text},
             {"dossier_id", W::text},
             {"distance_km", W::real}});
    for (const FundingPath& p : plan.paths) {
        paths << firm(p.firm) << detail::path_kinds[static_cast<std::size_t>(p.kind)]
              << (p.chosen ? 1.0 : 0.0) << p.residual_eur << p.grants_eur << p.loan_eur
              << p.interest_eur << lender(p.lender)
              << (p.dossier.known() ? detail::dossier_name(p.dossier) : std::string())
              << p.distance_km;
    }
    tables.emplace("paths", paths.table());

    W resources({{"firm_id", W::text},
                 {"rank", W::integer},
                 {"resource_id", W::text},
                 {"score", W::real},
                 {"adds", W::real},
                 {"neighbour", W::boolean}});
    for (const Recommendation& r : plan.resources) {
        resources << firm(r.firm) << static_cast<double>(r.rank) << market.resources[r.resource].id
                  << r.score << r.adds << (r.neighbour ? 1.0 : 0.0);
    }
    tables.emplace("resources", resources.table());

    detail::write_service_tables(market, plan, tables);

    W unserved({{"stage", W::text},
                {"firm_id", W::text},
                {"reason", W::text},
                {"amount_eur", W::real},
                {"missing_eur", W::real},
                {"nearest_dossier_id", W::text},
                {"needs", W::text}});
    for (const Unserved& u : plan.unserved) {
        unserved << u.stage << firm(u.firm) << u.reason << u.amount_eur << u.missing_eur
                 << (u.nearest.known() ? detail::dossier_name(u.nearest) : std::string())
                 << u.needs;
    }
    tables.emplace("unserved", unserved.table());

    W blockers({{"stage", W::text},
                {"blocker", W::integer},
                {"kind", W::text},
                {"needed", W::integer},
                {"reachable", W::integer},
                {"shortfall", W::integer},
                {"reason", W::text}});
    W blocker_members({{"stage", W::text},
                       {"blocker", W::integer},
                       {"firm_id", W::text},
                       {"adviser_id", W::text}});
    for (const auto& [stage_name, all] : plan.blockers) {
        for (std::size_t b = 0; b < all.size(); ++b) {
            const Blocker& x = all[b];
            const auto number = static_cast<double>(b + 1);
            blockers << stage_name << number
                     << detail::blocker_kinds[static_cast<std::size_t>(x.kind)]
                     << static_cast<double>(x.needed) << static_cast<double>(x.reachable)
                     << static_cast<double>(x.shortfall) << x.reason;
            for (const FirmId i : x.firms) blocker_members << stage_name << number << firm(i) << "";
            for (const AdviserId j : x.advisers)
                blocker_members << stage_name << number << "" << adviser(j);
            for (const Pair& p : x.pins)
                blocker_members << stage_name << number << firm(p.firm) << adviser(p.adviser);
        }
    }
    tables.emplace("blockers", blockers.table());
    tables.emplace("blocker_members", blocker_members.table());

    W relaxations({{"stage", W::text},
                   {"limit", W::text},
                   {"firm_id", W::text},
                   {"adviser_id", W::text},
                   {"units_before", W::integer},
                   {"units_after", W::integer}});
    for (const auto& [stage_name, changes] : plan.relaxations) {
        for (const Relaxation& r : changes) {
            relaxations << stage_name << name(r.limit) << firm(r.firm) << adviser(r.adviser)
                        << static_cast<double>(r.before) << static_cast<double>(r.after);
        }
    }
    tables.emplace("relaxations", relaxations.table());
    W relaxed({{"stage", W::text}, {"firm_id", W::text}, {"adviser_id", W::text}});
    for (const auto& [stage_name, pairs] : plan.relaxed_pairs) {
        for (const Pair& p : pairs) relaxed << stage_name << firm(p.firm) << adviser(p.adviser);
    }
    tables.emplace("relaxed_assignments", relaxed.table());

    W certificates({{"stage", W::text},
                    {"status", W::text},
                    {"objective", W::real},
                    {"bound", W::real},
                    {"gap", W::real},
                    {"unit", W::real},
                    {"seconds", W::real}});
    W prices({{"stage", W::text}, {"kind", W::text}, {"id", W::text}, {"price", W::real}});
    for (const auto& [stage_name, c] : plan.certificates) {
        certificates << stage_name << name(c.status) << c.objective << c.bound << c.gap() << c.unit
                     << c.seconds;
        const auto at = plan.prices.find(stage_name);
        if (at == plan.prices.end()) continue;
        // A price of 0 is the default of reading, so only others are written.
        std::size_t position = 0;
        for (const detail::PriceOwner& owner : detail::price_owners(market, plan, stage_name)) {
            for (std::size_t k = 0; k < owner.ids.size() && position < at->second.size(); ++k) {
                const double price = at->second[position++];
                if (price != 0) prices << stage_name << owner.kind << owner.ids[k] << price;
            }
        }
    }
    tables.emplace("certificates", certificates.table());
    detail::write_quotas(market, plan, tables, prices);
    detail::write_churn(market, plan, tables, prices);
    tables.emplace("prices", prices.table());
    return tables;
}

[[nodiscard]] inline Plan plan_from_tables(const Market& market, const Tables& tables) {
    return detail::PlanReader(market, tables).read();
}

}  // namespace libmatch
