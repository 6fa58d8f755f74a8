// Workshops, visits and shared staff of a plan as tables with ids, and back.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <libmatch/model/plan.hpp>
#include <libmatch/model/table_reader.hpp>
#include <libmatch/model/table_writer.hpp>

namespace libmatch::detail {

/// The index of an id in a column of a plan; a fault and none if it is unknown. Empty cells are
/// none without fault.
template <class Id, class Map>
Id look_up(TableReader& in, const TextColumn* column, const char* name, std::size_t row,
           const Map& map) {
    if (column == nullptr || (*column)[row].empty()) return {};
    const auto at = map.find(std::string((*column)[row]));
    if (at != map.end()) return Id(static_cast<std::size_t>(at->second));
    in.fault(row, name, (*column)[row], "the market has no such id",
             "use the plan with the market it was made for");
    return {};
}

using IdIndex = std::unordered_map<std::string, std::size_t>;

/// How a kind of groups is called in its tables.
struct GroupWords {
    const char *table, *members, *id, *rule, *seat, *sum, *amount;
    char letter;
};
inline constexpr GroupWords workshop_words{
    "workshops", "workshop_members", "session_id", "workshop", "site_id", "attendance", "", 'W'};
inline constexpr GroupWords job_words{
    "shared_staff", "shared_staff_members", "job_id", "rule", "seat_firm_id", "days", "days", 'J'};

inline std::string numbered(char letter, std::size_t k) {
    std::string digits = std::to_string(k + 1);
    return letter + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

[[nodiscard]] inline double sum_of(const Group& g) {
    double sum = 0;
    for (const Group::Member& m : g.members) sum += m.amount;
    return sum;
}

/// `rules`, `seats`: names and ids by index.
inline void write_groups(const Market& market, const std::vector<Group>& groups,
                         const GroupWords& words, const std::vector<std::string>& rules,
                         const std::vector<std::string>& seats, Tables& tables) {
    using W = TableWriter;
    W head({{words.id, W::text},
            {words.rule, W::text},
            {words.seat, W::text},
            {"members", W::integer},
            {words.sum, W::real},
            {"value", W::real}});
    const bool amounts = *words.amount != '\0';
    std::vector<W::Spec> specs{{words.id, W::text}, {"firm_id", W::text}};
    if (amounts) specs.push_back({words.amount, W::real});
    specs.push_back({"distance_km", W::real});
    W members(specs);
    for (std::size_t k = 0; k < groups.size(); ++k) {
        const Group& g = groups[k];
        const std::string id = numbered(words.letter, k);
        head << id << rules[g.rule] << seats[g.seat] << static_cast<double>(g.members.size())
             << sum_of(g) << g.value;
        for (const Group::Member& m : g.members) {
            members << id << market.firms.id[m.firm];
            if (amounts) members << m.amount;
            members << m.distance_km;
        }
    }
    tables.emplace(words.table, head.table());
    tables.emplace(words.members, members.table());
}

template <class Seats>
std::vector<Group> read_groups(const Market& market, const Tables& tables, const GroupWords& words,
                               const IdIndex& rules, const Seats& seats,
                               std::vector<Fault>& faults) {
    std::vector<Group> groups;
    TableReader in(tables, words.table, faults);
    const auto *id = in.text(words.id), *rule = in.text(words.rule), *seat = in.text(words.seat);
    const auto value = in.numbers("value", 0, {});
    IdIndex index;
    for (std::size_t r = 0; id != nullptr && r < in.rows(); ++r) {
        Group g;
        g.rule = look_up<RuleId>(in, rule, words.rule, r, rules);
        const auto at = look_up<FirmId>(in, seat, words.seat, r, seats);
        g.seat = at.value;
        g.value = value[r];
        if (!g.rule.known() || !at.known()) {
            in.fault(r, words.id, (*id)[r], "it has no rule or no seat", "name both");
            continue;
        }
        if (!index.emplace(std::string((*id)[r]), groups.size()).second) {
            in.fault(r, words.id, (*id)[r], "the id is used twice", "give each its own id");
            continue;
        }
        groups.push_back(std::move(g));
    }
    TableReader list(tables, words.members, faults);
    const auto *of = list.text(words.id), *firm = list.text("firm_id");
    const auto amount = list.numbers(words.amount, 1, {}),
               distance = list.numbers("distance_km", 0, {});
    for (std::size_t r = 0; r < list.rows(); ++r) {
        const auto g = look_up<DossierId>(list, of, words.id, r, index);
        const auto i = look_up<FirmId>(list, firm, "firm_id", r, market.firm_index);
        if (g.known() && i.known()) groups[g].members.push_back({i, amount[r], distance[r]});
    }
    return groups;
}

inline std::vector<std::string> workshop_names(const Market& market) {
    std::vector<std::string> names;
    for (const Workshop& w : market.workshops) names.push_back(w.rule.name);
    return names;
}
inline std::vector<std::string> job_names(const Market& market) {
    std::vector<std::string> names;
    for (const DossierRule& rule : market.shared_staff) names.push_back(rule.name);
    return names;
}
inline std::vector<std::string> site_ids(const Market& market) {
    std::vector<std::string> ids;
    for (const Site& s : market.sites) ids.push_back(s.id);
    return ids;
}

inline void write_service_tables(const Market& market, const Plan& plan, Tables& tables) {
    using W = TableWriter;
    write_groups(market, plan.workshops, workshop_words, workshop_names(market), site_ids(market),
                 tables);
    write_groups(market, plan.shared_staff, job_words, job_names(market), market.firms.id, tables);
    W visits({{"adviser_id", W::text},
              {"day", W::integer},
              {"position", W::integer},
              {"firm_id", W::text},
              {"leg_km", W::real},
              {"home_km", W::real}});
    for (const Visit& v : plan.visits) {
        visits << market.advisers.id[v.adviser] << static_cast<double>(v.day)
               << static_cast<double>(v.position) << market.firms.id[v.firm] << v.leg_km
               << v.home_km;
    }
    tables.emplace("visits", visits.table());
    W choices({{"firm_id", W::text}, {"adviser_id", W::text}});
    for (const VisitChoice& c : plan.visit_choices)
        choices << market.firms.id[c.firm] << market.advisers.id[c.adviser];
    tables.emplace("visit_choices", choices.table());
}

/// Plans of earlier versions lack these tables.
inline void read_service_tables(const Market& market, const Tables& tables, Plan& plan) {
    const auto index = [](const std::vector<std::string>& ids) {
        IdIndex out;
        for (std::size_t k = 0; k < ids.size(); ++k) out.emplace(ids[k], k);
        return out;
    };
    plan.workshops = read_groups(market, tables, workshop_words, index(workshop_names(market)),
                                 index(site_ids(market)), plan.unreadable);
    plan.shared_staff = read_groups(market, tables, job_words, index(job_names(market)),
                                    market.firm_index, plan.unreadable);
    TableReader in(tables, "visits", plan.unreadable);
    const auto *adviser = in.text("adviser_id"), *firm = in.text("firm_id");
    constexpr double most = 1e6;
    const auto day = in.whole<std::int32_t>("day", 0, -most, most),
               position = in.whole<std::int32_t>("position", 0, -most, most);
    const auto leg = in.numbers("leg_km", 0, {}), home = in.numbers("home_km", 0, {});
    for (std::size_t r = 0; r < in.rows(); ++r) {
        const auto j = look_up<AdviserId>(in, adviser, "adviser_id", r, market.adviser_index);
        const auto i = look_up<FirmId>(in, firm, "firm_id", r, market.firm_index);
        if (i.known() && j.known())
            plan.visits.push_back({j, day[r], position[r], i, leg[r], home[r]});
    }
    TableReader choices(tables, "visit_choices", plan.unreadable);
    const auto *who = choices.text("firm_id"), *whose = choices.text("adviser_id");
    for (std::size_t r = 0; r < choices.rows(); ++r) {
        const auto i = look_up<FirmId>(choices, who, "firm_id", r, market.firm_index);
        const auto j = look_up<AdviserId>(choices, whose, "adviser_id", r, market.adviser_index);
        if (i.known() && j.known()) plan.visit_choices.push_back({i, j});
    }
}

}  // namespace libmatch::detail
