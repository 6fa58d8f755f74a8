// From tables to a checked market.
//
// Every fault of every table is collected before anything is refused. Rows are read in the order of
// their ids (row_order.hpp), so the order in which they come changes nothing: ties go to the
// smaller id. Rows of programmes keep their order, in which they are solved. Complexity: linear in
// the size of the tables, plus one nearest-commune search per firm or adviser that gives
// coordinates without a commune; O(n log n) for a table whose ids are not in order.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/model/build_services.hpp>
#include <libmatch/model/market.hpp>
#include <libmatch/model/row_order.hpp>
#include <libmatch/model/table_reader.hpp>
#include <libmatch/model/team.hpp>

namespace libmatch {
namespace detail {

/// Strings to dense indices, in order of first appearance.
class Vocabulary {
  public:
    explicit Vocabulary(std::vector<std::string>& words) : words_(&words) {}
    std::uint32_t add(std::string_view word) {
        const auto [at, fresh] =
            index_.try_emplace(std::string(word), static_cast<std::uint32_t>(words_->size()));
        if (fresh) words_->emplace_back(word);
        return at->second;
    }
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view word) const {
        const auto at = index_.find(std::string(word));
        if (at == index_.end()) return std::nullopt;
        return at->second;
    }

  private:
    std::vector<std::string>* words_;
    std::unordered_map<std::string, std::uint32_t> index_;
};

/// Finds the commune whose centre is nearest to a point, by a window over latitudes that grows
/// until proven.
class NearestCommune {
  public:
    explicit NearestCommune(const Geography& g) : geography_(&g), by_lat_(g.at.size()) {
        std::iota(by_lat_.begin(), by_lat_.end(), 0U);
        std::sort(by_lat_.begin(), by_lat_.end(),
                  [&](auto a, auto b) { return g.at[a].lat < g.at[b].lat; });
    }
    [[nodiscard]] std::uint32_t operator()(LatLon p) const {
        const auto middle = static_cast<std::ptrdiff_t>(
            std::lower_bound(by_lat_.begin(), by_lat_.end(), p.lat,
                             [&](auto c, double lat) { return geography_->at[c].lat < lat; }) -
            by_lat_.begin());
        constexpr double km_per_degree = earth_radius_km * 0.017453292519943295;
        double best = HUGE_VAL;
        std::uint32_t nearest = 0;
        const auto n = static_cast<std::ptrdiff_t>(by_lat_.size());
        const auto scan = [&](std::ptrdiff_t k, std::ptrdiff_t step) {
            for (; k >= 0 && k < n; k += step) {
                const std::uint32_t c = by_lat_[static_cast<std::size_t>(k)];
                if (std::fabs(geography_->at[c].lat - p.lat) * km_per_degree > best) break;
                const double d = distance_km(geography_->at[c], p);
                if (d < best || (d == best && c < nearest)) {
                    best = d;
                    nearest = c;
                }
            }
        };
        scan(middle, 1);
        scan(middle - 1, -1);
        return nearest;
    }

  private:
    const Geography* geography_;
    std::vector<std::uint32_t> by_lat_;
};

/// A code without its dot, or nothing if it is none.
[[nodiscard]] inline std::optional<NafCode> parse_naf(std::string_view text) {
    NafCode code;
    for (const char c : text) {
        if (c == '.' || c == ' ') continue;
        const auto at = code.length;
        const bool letter = std::isalpha(static_cast<unsigned char>(c)) != 0;
        const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
        if (at >= 5 || (at < 4 && !digit) || (at == 4 && !letter)) return std::nullopt;
        code.text[at] = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        ++code.length;
    }
    return code;
}

class MarketBuilder {
  public:
    MarketBuilder(const Tables& tables, std::vector<Fault>& faults)
        : tables_(&tables), faults_(&faults) {}

    Market build() {
        order_rows();
        read_geography();
        read_skills();
        read_networks();
        read_programmes();
        read_settings();
        read_dossier_rules();
        read_shared_staff(open("shared_staff"), market_);
        visits_ = read_visits(open("visits"), market_);
        read_firms();
        read_key_columns();
        read_advisers();
        read_schemes();
        read_lenders();
        read_resources();
        read_sites();
        read_firm_pairs();
        check_seats();
        read_workshops(open("workshops"), market_);
        read_pairs();
        read_previous();
        read_quotas();
        sort_faults();
        return std::move(market_);
    }

  private:
    TableReader open(std::string_view name) {
        const auto at = order_.find(name);
        if (at == order_.end()) return {*tables_, std::string(name), *faults_};
        return {ordered_, std::string(name), *faults_, at->second};
    }

    /// Copies the tables whose rows are not in the order of their ids.
    void order_rows() {
        constexpr std::array<std::pair<std::string_view, std::string_view>, 11> ids{
            {{"firms", "firm_id"},
             {"advisers", "adviser_id"},
             {"schemes", "scheme_id"},
             {"lenders", "lender_id"},
             {"resources", "resource_id"},
             {"sites", "site_id"},
             {"communes", "commune"},
             {"skills", "skill"},
             {"dossier_rules", "rule"},
             {"workshops", "workshop"},
             {"shared_staff", "rule"}}};
        for (const auto& [name, column] : ids) {
            const auto at = tables_->find(name);
            if (at == tables_->end()) continue;
            const TextColumn* id = at->second.text(column);
            const auto whole = [&](const auto& c) { return size(c.second) == at->second.rows(); };
            const auto& columns = at->second.columns();
            if (id == nullptr || !std::all_of(columns.begin(), columns.end(), whole)) continue;
            auto order = rows_by_id(*id);
            if (order.empty()) continue;
            ordered_.emplace(name, with_rows(at->second, order));
            order_.emplace(name, std::move(order));
        }
    }
    /// Faults of one column by the user's rows.
    void sort_faults() {
        if (order_.empty()) return;
        for (auto begin = faults_->begin(); begin != faults_->end();) {
            const auto end = std::find_if(begin, faults_->end(), [&](const Fault& f) {
                return f.table != begin->table || f.column != begin->column;
            });
            std::stable_sort(begin, end,
                             [](const Fault& a, const Fault& b) { return a.row < b.row; });
            begin = end;
        }
    }
    [[nodiscard]] std::vector<std::uint32_t> order_of(std::string_view name) const {
        const auto at = order_.find(name);
        return at == order_.end() ? std::vector<std::uint32_t>{} : at->second;
    }

    void read_geography() {
        TableReader in = open("communes");
        Geography& g = market_.geography;
        if (!in.present() || in.rows() == 0) {
            in.fault(std::int64_t{-1}, "", "", "there is no commune",
                     "pass the table of communes that the package ships, or your own");
            return;
        }
        const TextColumn* code = in.required_text("commune");
        const TextColumn* name = in.text("name");
        const std::array<const TextColumn*, 3> above{in.text("region"), in.text("departement"),
                                                     in.text("epci")};
        const auto lat = in.required_numbers("lat", {-90, 90});
        const auto lon = in.required_numbers("lon", {-180, 180});
        g.population = in.numbers("population", 0, {0, HUGE_VAL});
        if (code == nullptr) return;
        g.codes[0] = {"FR"};
        for (std::size_t level = 1; level < 5; ++level) territories_.emplace_back(g.codes[level]);
        for (std::size_t r = 0; r < in.rows(); ++r) {
            if (territories_[3].find((*code)[r])) {
                in.fault(r, "commune", (*code)[r], "the commune is listed twice", "keep one row");
                continue;
            }
            std::array<std::uint32_t, 5> around{};
            for (std::size_t level = 1; level < 4; ++level) {
                const TextColumn* column = above[level - 1];
                around[level] = territories_[level - 1].add(column != nullptr ? (*column)[r]
                                                                              : std::string_view{});
            }
            around[4] = territories_[3].add((*code)[r]);
            g.territory.push_back(around);
            g.at.push_back({lat[r], lon[r]});
            g.name.emplace_back(name != nullptr ? (*name)[r] : (*code)[r]);
        }
    }

    void read_skills() {
        TableReader in = open("skills");
        const TextColumn* skill = in.required_text("skill");
        const auto weight = in.numbers("weight", 1, {0, HUGE_VAL});
        if (skill == nullptr) {
            in.fault(std::int64_t{-1}, "skill", "", "no skill is named", "list at least one skill");
            return;
        }
        for (std::size_t r = 0; r < in.rows(); ++r) {
            const std::string name((*skill)[r]);
            if (std::find(market_.skills.begin(), market_.skills.end(), name) !=
                market_.skills.end()) {
                in.fault(r, "skill", name, "the skill is listed twice", "keep one row");
                continue;
            }
            market_.skills.push_back(name);
            market_.skill_weight.push_back(static_cast<float>(weight[r]));
        }
    }

    void read_networks() {
        for (const std::string_view table : {"advisers", "programmes"}) {
            TableReader in = open(table);
            const TextColumn* network = in.text("network");
            for (std::size_t r = 0; network != nullptr && r < in.rows(); ++r) {
                if (!(*network)[r].empty()) networks_.add((*network)[r]);
            }
        }
    }

    void read_programmes() {
        TableReader in = open("programmes");
        const TextColumn* name = in.required_text("programme");
        const TextColumn* network = in.required_text("network");
        const TextColumn* after = in.text("after");
        const TextColumn* labels = in.text("labels_required");
        const TextColumn* forms = in.text("legal_forms");
        const auto coverage = in.numbers("coverage", 0.6, {0, 1e6});
        const auto proximity = in.numbers("proximity", 0.25, {0, 1e6});
        const auto trust = in.numbers("trust", 0.15, {0, 1e6});
        const auto remote = in.numbers("remote_proximity", 0.5, {0, 1});
        const auto distance = in.numbers("max_distance_km", HUGE_VAL, {0, HUGE_VAL});
        const auto headcount = in.numbers("headcount_max", HUGE_VAL, {0, HUGE_VAL});
        const auto age_min = in.numbers("age_min_years", 0, {0, 1000});
        const auto age_max = in.numbers("age_max_years", HUGE_VAL, {0, HUGE_VAL});
        if (name == nullptr || network == nullptr) return;
        for (std::size_t r = 0; r < in.rows(); ++r) {
            Programme p;
            p.name = (*name)[r];
            if (find_programme(p.name).known()) {
                in.fault(r, "programme", p.name, "the programme is listed twice", "keep one row");
            }
            p.network = networks_.find((*network)[r]).value_or(0);
            if (after != nullptr && !(*after)[r].empty()) {
                p.after = find_programme((*after)[r]);
                if (!p.after.known()) {
                    in.fault(r, "after", (*after)[r], "no earlier programme has this name",
                             "name a programme of a row above");
                }
            }
            p.coverage = coverage[r];
            p.proximity = proximity[r];
            p.trust = trust[r];
            p.remote_proximity = remote[r];
            p.max_distance_km = distance[r];
            p.headcount_max = headcount[r];
            p.age_min_years = age_min[r];
            p.age_max_years = age_max[r];
            p.labels_required = words(in, labels, r, "labels_required", labels_);
            p.legal_forms = words(in, forms, r, "legal_forms", legal_forms_);
            market_.programmes.push_back(std::move(p));
        }
    }

    void read_settings() {
        TableReader in = open("settings");
        Settings& s = market_.settings;
        if (!in.present()) return;
        if (in.rows() != 1) {
            in.fault(std::int64_t{-1}, "", std::to_string(in.rows()) + " rows",
                     "the settings must be one row", "keep one row");
            return;
        }
        s.date = in.numbers("date", std::nan(""), {-HUGE_VAL, HUGE_VAL})[0];
        s.trust_prior_successes = in.numbers("trust_prior_successes", 1, {1e-6, 1e9})[0];
        s.trust_prior_failures = in.numbers("trust_prior_failures", 1, {1e-6, 1e9})[0];
        s.trust_confidence = in.numbers("trust_confidence", 0.9, {0.5, 0.999999})[0];
        s.trust_label_bonus = in.numbers("trust_label_bonus", 0.1, {0, 1})[0];
        s.aid_intensity_max = in.numbers("aid_intensity_max", 1, {0, 1})[0];
        s.de_minimis_ceiling_eur = in.numbers("de_minimis_ceiling_eur", HUGE_VAL, {0, 1e12})[0];
        s.resources_per_firm = in.whole<int>("resources_per_firm", 5, 0, Team::most_members)[0];
        s.resources_neighbour_km = in.numbers("resources_neighbour_km", 30, {0, 20'000})[0];
        if (const TextColumn* after = in.text("funding_after"); after && !(*after)[0].empty()) {
            s.funding_after = find_programme((*after)[0]);
            if (!s.funding_after.known()) {
                in.fault(std::size_t{0}, "funding_after", (*after)[0], "no programme has this name",
                         "name a programme, or leave it empty to fund all firms");
            }
        }
        if (const TextColumn* lead = in.text("lead_network"); lead && !(*lead)[0].empty()) {
            const auto network = networks_.find((*lead)[0]);
            if (!network) {
                in.fault(std::size_t{0}, "lead_network", (*lead)[0],
                         "no adviser is of this network", "name a network of the table advisers");
            }
            s.lead_network = network.value_or(0);
        }
        s.lead_labels_required =
            words(in, in.text("lead_labels_required"), 0, "lead_labels_required", labels_);
        s.lead_hours_per_dossier = in.numbers("lead_hours_per_dossier", 16, {0, 1e6})[0];
        s.lead_hours_per_member = in.numbers("lead_hours_per_member", 4, {0, 1e6})[0];
        s.specialists_per_dossier =
            in.whole<int>("specialists_per_dossier", 1, 0, Team::most_members - 1)[0];
    }

    void read_dossier_rules() {
        TableReader in = open("dossier_rules");
        const TextColumn* name = in.required_text("rule");
        const TextColumn* keys = in.text("keys");
        const auto min_sum = in.numbers("min_sum", 0, {0, HUGE_VAL});
        const auto max_sum = in.numbers("max_sum", HUGE_VAL, {0, HUGE_VAL});
        constexpr double most = 2'147'483'647;
        const auto min_members = in.whole<std::int32_t>("min_members", 1, 1, most);
        const auto max_members = in.whole<std::int32_t>("max_members", 2'147'483'647, 1, most);
        const auto radius = in.numbers("max_radius_km", HUGE_VAL, {0, HUGE_VAL});
        const auto opening = in.numbers("opening_cost", 0, {-1e12, 1e12});
        const auto per_km = in.numbers("cost_per_km", 0, {0, 1e12});
        const TextColumn* seat = in.text("seat");
        if (name == nullptr) return;
        for (std::size_t r = 0; r < in.rows(); ++r) {
            KeyedRule k;
            k.rule = {std::string((*name)[r]), min_sum[r], max_sum[r], min_members[r],
                      max_members[r],          radius[r],  opening[r], per_km[r],
                      SeatKind::member};
            if (seat != nullptr && !(*seat)[r].empty()) read_seat(in, r, (*seat)[r], k.rule);
            if (max_sum[r] < min_sum[r]) {
                in.fault(r, "max_sum", number_text(max_sum[r]), "it is below min_sum", "raise it");
            }
            if (max_members[r] < min_members[r]) {
                in.fault(r, "max_members", number_text(max_members[r]), "it is below min_members",
                         "raise it");
            }
            if (keys != nullptr) {
                for (const std::string_view item : list_items((*keys)[r])) {
                    const auto at = std::find(key_names.begin(), key_names.end(), item);
                    KeyedRule::Key key{static_cast<KeyedRule::Kind>(at - key_names.begin()), 0};
                    if (at == key_names.end()) {
                        const auto column = key_column(in, r, item);
                        if (!column) continue;
                        key.column = *column;
                    }
                    k.keys.push_back(key);
                }
            }
            market_.dossier_rules.push_back(std::move(k));
        }
    }

    static void read_seat(TableReader& in, std::size_t row, std::string_view seat,
                          DossierRule& rule) {
        if (seat == "site") {
            rule.seat = SeatKind::site;
        } else if (seat != "member") {
            in.fault(row, "seat", seat, "this is no kind of seat", "use member or site");
        }
    }

    /// The number of a column of the firms that serves as a key.
    std::optional<std::uint32_t> key_column(TableReader& in, std::size_t row,
                                            std::string_view name) {
        const auto firms = tables_->find("firms");
        if (firms == tables_->end() || firms->second.text(name) == nullptr) {
            const bool numbers = firms != tables_->end() && firms->second.find(name) != nullptr;
            in.fault(row, "keys", name,
                     numbers ? "this column of the table firms holds numbers, text is expected"
                             : "this is no key, and no column of the table firms",
                     numbers
                         ? "convert the column to text"
                         : "use naf, naf_division, commune, epci, departement, region or a text "
                           "column of the firms");
            return std::nullopt;
        }
        auto& columns = market_.firms.columns;
        for (std::uint32_t c = 0; c < columns.size(); ++c) {
            if (columns[c].name == name) return c;
        }
        columns.push_back({std::string(name), {}, {}});
        return static_cast<std::uint32_t>(columns.size() - 1);
    }

    void read_key_columns() {
        if (market_.firms.columns.empty()) return;
        TableReader in = open("firms");
        for (FirmColumn& column : market_.firms.columns) {
            Vocabulary words(column.words);
            (void)words.add("");
            const TextColumn* cells = in.text(column.name);
            column.word.assign(in.rows(), 0);
            for (std::size_t r = 0; cells != nullptr && r < in.rows(); ++r)
                column.word[r] = words.add((*cells)[r]);
        }
    }

    void read_firms() {
        TableReader in = open("firms");
        Firms& f = market_.firms;
        if (!in.present() || in.rows() == 0) {
            in.fault(std::int64_t{-1}, "", "", "there is no firm", "give at least one firm");
            return;
        }
        f.id = ids(in, "firm_id", market_.firm_index);
        f.row = order_of("firms");
        f.place = places(in);
        f.naf = naf_codes(in, "naf");
        f.headcount = in.numbers("headcount", std::nan(""), {0, HUGE_VAL});
        f.created = in.numbers("created", std::nan(""), {-HUGE_VAL, HUGE_VAL});
        f.legal_form = word_column(in, "legal_form", legal_forms_);
        f.languages = word_column(in, "languages", languages_);
        f.formats = word_column(in, "formats", formats_);
        f.need = levels(in, "need_", 0, 4);
        if (has_prefix(in, "weight_")) {
            f.weight = levels(in, "weight_", 0, 1e9F);
        } else {
            f.weight = skill_weights();
        }
        f.cost_eur = in.numbers("cost_eur", 0, {0, 1e12});
        f.own_funds_eur = in.numbers("own_funds_eur", 0, {0, 1e12});
        f.aid_received_eur = in.numbers("aid_received_eur", 0, {0, 1e12});
        f.consents_pooling = in.whole<std::uint8_t>("consents_pooling", 1, 0, 1);
        f.priority = in.numbers("priority", 1, {0, 1e9});
        f.demand = in.whole<std::int32_t>("demand", 1, 0, 1e6);
        f.it_days = in.numbers("it_days_per_month", 0, {0, 31});
        read_staying_out(in);
    }

    /// What a firm is worth that stays out, and how many advisers it must have.
    void read_staying_out(TableReader& in) {
        Firms& f = market_.firms;
        f.min_demand = in.whole<std::int32_t>("min_demand", 0, 0, 1e6);
        f.reservation = in.numbers("reservation", 0, {-1e9, 1e9});
        for (std::size_t r = 0; r < f.demand.size(); ++r) {
            if (f.min_demand[r] > f.demand[r]) {
                in.fault(r, "min_demand", std::to_string(f.min_demand[r]),
                         "it exceeds the demand " + std::to_string(f.demand[r]), "lower it");
            }
            if (f.reservation[r] != 0 && f.demand[r] > 1) {
                in.fault(r, "reservation", number_text(f.reservation[r]),
                         "a firm that wants " + std::to_string(f.demand[r]) +
                             " advisers has no value of staying out",
                         "use 0, or a demand of 1");
            }
        }
    }

    void read_advisers() {
        TableReader in = open("advisers");
        Advisers& a = market_.advisers;
        a.skill = Eigen::ArrayXXf(static_cast<Eigen::Index>(market_.skills.size()), 0);
        if (!in.present() || in.rows() == 0) {
            in.fault(std::int64_t{-1}, "", "", "there is no adviser", "give at least one adviser");
            return;
        }
        a.id = ids(in, "adviser_id", market_.adviser_index);
        a.row = order_of("advisers");
        const TextColumn* network = in.required_text("network");
        a.network.assign(in.rows(), 0);
        for (std::size_t r = 0; network != nullptr && r < in.rows(); ++r) {
            a.network[r] = networks_.find((*network)[r]).value_or(0);
        }
        a.labels = word_column(in, "labels", labels_);
        a.place = places(in);
        a.range_km = in.numbers("range_km", 50, {1e-6, HUGE_VAL});
        a.remote = in.whole<std::uint8_t>("remote", 0, 0, 1);
        a.zone = zones(in);
        a.naf_in = naf_lists(in, "naf_in");
        a.naf_out = naf_lists(in, "naf_out");
        a.headcount_min = in.numbers("headcount_min", 0, {0, HUGE_VAL});
        a.headcount_max = in.numbers("headcount_max", HUGE_VAL, {0, HUGE_VAL});
        a.languages = word_column(in, "languages", languages_);
        in.require("capacity");
        constexpr double most = 9e15;
        a.capacity = in.whole<std::int64_t>("capacity", 0, 0, most);
        a.min_load = in.whole<std::int64_t>("min_load", 0, 0, most);
        for (std::size_t r = 0; r < in.rows(); ++r) {
            if (a.min_load[r] > a.capacity[r]) {
                in.fault(r, "min_load", std::to_string(a.min_load[r]),
                         "it exceeds the capacity " + std::to_string(a.capacity[r]), "lower it");
            }
        }
        a.skill = levels(in, "skill_", 0, 4);
        a.successes = in.numbers("successes", 0, {0, 1e12});
        a.failures = in.numbers("failures", 0, {0, 1e12});
        a.absent_from = in.numbers("absent_from", std::nan(""), {-HUGE_VAL, HUGE_VAL});
        a.absent_until = in.numbers("absent_until", std::nan(""), {-HUGE_VAL, HUGE_VAL});
        a.day_rate_eur = in.numbers("day_rate_eur", 0, {0, 1e9});
        a.dossier_capacity = in.whole<std::int64_t>("dossier_capacity", 0, 0, most);
        if (in.has("dossier_hours")) a.dossier_hours = in.numbers("dossier_hours", 0, {0, 1e9});
        a.specialist_capacity = in.whole<std::int64_t>("specialist_capacity", 0, 0, most);
        a.visit_days = in.whole<std::int32_t>("visit_days", visits_.days, 0, 366);
        a.visits_per_day = in.whole<std::int32_t>("visits_per_day", visits_.firms_per_day, 1, 50);
    }

    void read_schemes() {
        TableReader in = open("schemes");
        if (in.rows() == 0) return;
        std::unordered_map<std::string, std::uint32_t> index;
        const auto id = ids(in, "scheme_id", index);
        const TextColumn* name = in.text("name");
        const TextColumn* funder = in.required_text("funder");
        const TextColumn* group = in.text("stacking_group");
        const TextColumn* source = in.text("source");
        const TextColumn* label = in.text("label_required");
        const auto rate = in.required_numbers("rate", {0, 1});
        const auto cap = in.numbers("cap_eur", HUGE_VAL, {0, HUGE_VAL});
        const auto floor = in.numbers("floor_eur", 0, {0, HUGE_VAL});
        const auto budget = in.numbers("budget_eur", HUGE_VAL, {0, HUGE_VAL});
        const auto zone = zones(in);
        const auto naf_in = naf_lists(in, "naf_in"), naf_out = naf_lists(in, "naf_out");
        const auto low = in.numbers("headcount_min", 0, {0, HUGE_VAL});
        const auto high = in.numbers("headcount_max", HUGE_VAL, {0, HUGE_VAL});
        const auto intensity = in.numbers("intensity_max", 1, {0, 1});
        const auto collective = in.whole<std::uint8_t>("collective_only", 0, 0, 1);
        const auto de_minimis = in.whole<std::uint8_t>("de_minimis", 1, 0, 1);
        const TextColumn* networks = in.text("network_required");
        for (std::size_t r = 0; r < in.rows(); ++r) {
            Scheme s;
            s.id = id[r];
            s.name = name != nullptr ? (*name)[r] : std::string_view(id[r]);
            if (funder != nullptr) s.funder = (*funder)[r];
            if (group != nullptr) s.stacking_group = (*group)[r];
            if (source != nullptr) s.source = (*source)[r];
            s.rate = rate[r];
            s.cap_eur = cap[r];
            s.floor_eur = floor[r];
            s.budget_eur = budget[r];
            s.zone = zone[r];
            s.naf_in = naf_in[r];
            s.naf_out = naf_out[r];
            s.headcount_min = low[r];
            s.headcount_max = high[r];
            s.intensity_max = intensity[r];
            s.collective_only = collective[r] != 0;
            s.de_minimis = de_minimis[r] != 0;
            s.networks_required = networks_of(in, networks, r);
            s.label_required = words(in, label, r, "label_required", labels_);
            market_.schemes.push_back(std::move(s));
        }
    }

    /// The networks that a scheme asks for, one bit each.
    std::uint64_t networks_of(TableReader& in, const TextColumn* column, std::size_t r) {
        std::uint64_t set = 0;
        if (column == nullptr) return set;
        for (const std::string_view item : list_items((*column)[r])) {
            const auto network = networks_.find(item);
            if (!network) {
                in.fault(r, "network_required", item, "no adviser or programme is of this network",
                         "name a network of the table advisers");
            } else if (*network >= 64) {
                in.fault(r, "network_required", item, "only the first 64 networks can be required",
                         "use fewer networks");
            } else {
                set |= std::uint64_t{1} << *network;
            }
        }
        return set;
    }

    void read_lenders() {
        TableReader in = open("lenders");
        if (in.rows() == 0) return;
        std::unordered_map<std::string, std::uint32_t> index;
        const auto id = ids(in, "lender_id", index);
        const TextColumn* name = in.text("name");
        const auto low = in.required_numbers("min_ticket_eur", {0, HUGE_VAL});
        const auto high = in.numbers("max_ticket_eur", HUGE_VAL, {0, HUGE_VAL});
        const auto zone = zones(in);
        market_.lenders_have_budgets = in.has("budget_eur");
        if (!market_.lenders_have_budgets) in.require("capacity");
        if (market_.lenders_have_budgets && in.has("capacity")) {
            in.fault(std::int64_t{-1}, "budget_eur", "",
                     "lenders are limited by loans and by euros at the same time",
                     "leave out the column capacity or the column budget_eur");
        }
        const auto capacity = in.whole<std::int64_t>("capacity", 0, 0, 9e15);
        const auto budget = in.numbers("budget_eur", largest_budget, {0, largest_budget});
        const auto interest = in.numbers("interest_rate", 0, {0, 1});
        const auto naf_in = naf_lists(in, "naf_in");
        const auto naf_out = naf_lists(in, "naf_out");
        for (std::size_t r = 0; r < in.rows(); ++r) {
            market_.lenders.push_back({id[r], std::string(name != nullptr ? (*name)[r] : id[r]),
                                       low[r], high[r], zone[r], capacity[r], interest[r],
                                       naf_in[r], naf_out[r], budget[r]});
        }
    }

    void read_resources() {
        TableReader in = open("resources");
        market_.resource_skill =
            Eigen::ArrayXXf(static_cast<Eigen::Index>(market_.skills.size()), 0);
        if (in.rows() == 0) return;
        std::unordered_map<std::string, std::uint32_t> index;
        const auto id = ids(in, "resource_id", index);
        const TextColumn* centre_id = in.required_text("centre_id");
        const TextColumn* centre = in.text("centre");
        const TextColumn* title = in.text("title");
        const auto zone = zones(in);
        const auto spoken = word_column(in, "languages", languages_);
        const auto format = word_column(in, "format", formats_);
        market_.resource_skill = levels(in, "skill_", 0, 4);
        const auto cell = [](const TextColumn* c, std::size_t r) {
            return c != nullptr ? std::string((*c)[r]) : std::string();
        };
        for (std::size_t r = 0; r < in.rows(); ++r) {
            market_.resources.push_back({id[r], cell(centre_id, r), cell(centre, r), cell(title, r),
                                         zone[r], spoken[r], format[r]});
        }
    }

    void read_sites() {
        TableReader in = open("sites");
        if (in.rows() == 0) return;
        std::unordered_map<std::string, std::uint32_t> index;
        const auto id = ids(in, "site_id", index);
        const TextColumn* name = in.text("name");
        const auto place = places(in);
        const auto sessions = in.numbers("sessions", HUGE_VAL, {0, 1e9, true});
        const auto seats = in.numbers("seats", HUGE_VAL, {1, 1e9, true});
        for (std::size_t r = 0; r < in.rows(); ++r) {
            market_.sites.push_back({id[r], std::string(name != nullptr ? (*name)[r] : id[r]),
                                     place[r], sessions[r], seats[r]});
        }
    }

    void check_seats() {
        TableReader in = open("dossier_rules");
        for (std::size_t r = 0; r < market_.dossier_rules.size(); ++r) {
            if (market_.dossier_rules[r].rule.seat == SeatKind::site && market_.sites.empty())
                in.fault(r, "seat", "site", "the table sites is empty",
                         "list sites, or meet at members");
        }
    }

    void read_firm_pairs() {
        TableReader in = open("firm_pairs");
        const TextColumn* firm = in.required_text("firm_id");
        const TextColumn* other = in.required_text("other_firm_id");
        const TextColumn* kind = in.required_text("kind");
        if (firm == nullptr || other == nullptr || kind == nullptr) return;
        std::map<std::pair<std::uint32_t, std::uint32_t>, bool> known;
        for (std::size_t r = 0; r < in.rows(); ++r) {
            const auto a = market_.firm_index.find(std::string((*firm)[r]));
            const auto b = market_.firm_index.find(std::string((*other)[r]));
            if (a == market_.firm_index.end()) unknown(in, r, "firm_id", (*firm)[r], "firms");
            if (b == market_.firm_index.end())
                unknown(in, r, "other_firm_id", (*other)[r], "firms");
            const bool together = (*kind)[r] == "together";
            if (!together && (*kind)[r] != "apart") {
                in.fault(r, "kind", (*kind)[r], "this is no kind of pair of firms",
                         "use together or apart");
                continue;
            }
            if (a == market_.firm_index.end() || b == market_.firm_index.end()) continue;
            if (a->second == b->second) {
                in.fault(r, "other_firm_id", (*other)[r], "a firm is paired with itself",
                         "name two firms");
                continue;
            }
            const auto [at, fresh] = known.emplace(std::minmax(a->second, b->second), together);
            if (!fresh && at->second != together) {
                in.fault(r, "kind", (*kind)[r],
                         "another row says the contrary of the same two firms",
                         "keep one of the rows");
            }
        }
        for (const auto& [pair, together] : known)
            market_.firm_pairs.push_back({FirmId(pair.first), FirmId(pair.second), together});
    }

    void read_pairs() {
        TableReader in = open("pairs");
        const TextColumn* firm = in.required_text("firm_id");
        const TextColumn* adviser = in.required_text("adviser_id");
        const TextColumn* kind = in.required_text("kind");
        const TextColumn* programme = in.text("programme");
        const auto value = in.numbers("value", 0, {-1e9, 1e9});
        auto& notes = market_.notes;
        if (firm != nullptr && adviser != nullptr && kind != nullptr) {
            for (std::size_t r = 0; r < in.rows(); ++r) {
                PairNote note;
                const auto i = market_.firm_index.find(std::string((*firm)[r]));
                const auto j = market_.adviser_index.find(std::string((*adviser)[r]));
                if (i == market_.firm_index.end()) unknown(in, r, "firm_id", (*firm)[r], "firms");
                if (j == market_.adviser_index.end())
                    unknown(in, r, "adviser_id", (*adviser)[r], "advisers");
                if (i == market_.firm_index.end() || j == market_.adviser_index.end()) continue;
                note.firm = FirmId(i->second);
                note.adviser = AdviserId(j->second);
                if (programme != nullptr && !(*programme)[r].empty()) {
                    note.programme = find_programme((*programme)[r]);
                    if (!note.programme.known())
                        unknown(in, r, "programme", (*programme)[r], "programmes");
                }
                if ((*kind)[r] == "pinned") {
                    note.kind = PairKind::pinned;
                } else if ((*kind)[r] == "forbidden") {
                    note.kind = PairKind::forbidden;
                } else if ((*kind)[r] == "bonus") {
                    note.kind = PairKind::bonus;
                } else {
                    in.fault(r, "kind", (*kind)[r], "this is no kind of pair",
                             "use pinned, forbidden or bonus");
                }
                note.value = value[r];
                notes.push_back(note);
            }
        }
        const auto by_pair = [](const PairNote& a, const PairNote& b) {
            return a.firm == b.firm ? a.adviser < b.adviser : a.firm < b.firm;
        };
        // Bonuses of one pair are added in this order, whatever the order of rows.
        std::sort(notes.begin(), notes.end(), [](const PairNote& a, const PairNote& b) {
            return std::tuple(a.firm.value, a.adviser.value, a.programme.value, a.kind, a.value) <
                   std::tuple(b.firm.value, b.adviser.value, b.programme.value, b.kind, b.value);
        });
        for (std::size_t k = 0; k < notes.size(); ++k) {
            const PairNote& pin = notes[k];
            if (pin.kind != PairKind::pinned) continue;
            const auto clashes = [&](const PairNote& other) {
                const bool same_scope = pin.programme == other.programme ||
                                        !pin.programme.known() || !other.programme.known();
                return other.kind == PairKind::forbidden && same_scope;
            };
            const auto of_pair = std::equal_range(notes.begin(), notes.end(), pin, by_pair);
            if (std::any_of(of_pair.first, of_pair.second, clashes)) {
                in.fault(std::int64_t{-1}, "kind",
                         market_.firms.id[pin.firm] + " / " + market_.advisers.id[pin.adviser],
                         "the pair is both pinned and forbidden", "keep one of the rows");
            }
        }
        market_.notes_of_firm.assign(market_.firms.size() + 1, 0);
        for (const PairNote& note : notes) ++market_.notes_of_firm[note.firm + 1];
        std::partial_sum(market_.notes_of_firm.begin(), market_.notes_of_firm.end(),
                         market_.notes_of_firm.begin());
    }

    void read_quotas() {
        TableReader in = open("quotas");
        const TextColumn* name = in.required_text("name");
        const TextColumn* programme = in.text("programme");
        const TextColumn* column = in.text("firm_column");
        const TextColumn* value = in.text("firm_value");
        const auto lower = in.whole<std::int64_t>("lower", 0, 0, 9e15);
        const auto upper = in.numbers("upper", HUGE_VAL, {0, 9e15, true});
        const auto zone = zones(in);
        const auto naf = naf_lists(in, "naf_in");
        const auto low = in.numbers("headcount_min", 0, {0, HUGE_VAL});
        const auto high = in.numbers("headcount_max", HUGE_VAL, {0, HUGE_VAL});
        std::map<std::string, std::size_t, std::less<>> known;
        for (std::size_t r = 0; name != nullptr && r < in.rows(); ++r) {
            MarketQuota q;
            q.name = (*name)[r];
            if (!known.emplace(q.name, r).second)
                in.fault(r, "name", q.name, "the quota is listed twice", "give it its own name");
            if (programme != nullptr && !(*programme)[r].empty()) {
                q.programme = find_programme((*programme)[r]);
                if (!q.programme.known())
                    unknown(in, r, "programme", (*programme)[r], "programmes");
            }
            q.lower = lower[r];
            if (upper[r] < HUGE_VAL) q.upper = static_cast<std::int64_t>(upper[r]);
            if (q.upper < q.lower) {
                in.fault(r, "upper", std::to_string(q.upper),
                         "it is below lower, " + std::to_string(q.lower), "correct one of the two");
            }
            q.zone = zone[r];
            q.naf_in = naf[r];
            q.headcount_min = low[r];
            q.headcount_max = high[r];
            if (high[r] < low[r]) {
                in.fault(r, "headcount_max", number_text(high[r]), "it is below headcount_min",
                         "raise it");
            }
            if (column != nullptr) q.firm_column = (*column)[r];
            if (value != nullptr) q.firm_value = (*value)[r];
            fill_quota_firms(in, r, q);
            fill_quota_advisers(in, r, q);
            market_.quotas.push_back(std::move(q));
        }
        if (market_.quotas.empty()) return;
        const auto wants_two = std::find_if(
            market_.firms.demand.begin(), market_.firms.demand.end(), [](auto d) { return d > 1; });
        if (wants_two != market_.firms.demand.end()) {
            const auto i = static_cast<std::size_t>(wants_two - market_.firms.demand.begin());
            in.fault(std::int64_t{-1}, "", market_.firms.id[i],
                     "this firm wants " + std::to_string(*wants_two) +
                         " advisers, and quotas count firms with one",
                     "use demands of 0 and 1, or no quotas");
        }
    }
    void fill_quota_firms(TableReader& in, std::size_t row, MarketQuota& q) {
        std::vector<std::string> cells;
        if (q.firm_column.empty() != q.firm_value.empty()) {
            in.fault(row, q.firm_column.empty() ? "firm_column" : "firm_value", "",
                     "firm_column and firm_value belong together", "give both or none");
            return;
        }
        TableReader firms = open("firms");
        if (!q.firm_column.empty()) {
            const Column* c =
                firms.table() != nullptr ? firms.table()->find(q.firm_column) : nullptr;
            if (c == nullptr) {
                in.fault(row, "firm_column", q.firm_column, "the table firms has no such column",
                         "correct the name or add the column");
                return;
            }
            for (std::size_t r = 0; r < firms.rows(); ++r) {
                const auto* t = std::get_if<TextColumn>(c);
                cells.emplace_back(t != nullptr
                                       ? std::string((*t)[r])
                                       : number_text(std::get<NumberColumn>(*c).values[r]));
            }
        }
        const Firms& f = market_.firms;
        q.all_firms = q.firm_column.empty() && q.naf_in.empty() && q.headcount_min <= 0 &&
                      q.headcount_max == HUGE_VAL && q.zone.level == TerritoryLevel::country;
        for (std::size_t i = 0; !q.all_firms && i < f.naf.size() && i < f.place.size(); ++i) {
            if (!cells.empty() && cells[i] != q.firm_value) continue;
            if (market_.places.empty()) break;
            if (q.holds(market_.geography, market_.places[f.place[i]].commune, f.naf[i],
                        f.headcount[i]))
                q.firms.emplace_back(i);
        }
        if (!q.all_firms && q.firms.empty() && q.lower > 0) {
            in.fault(row, "lower", std::to_string(q.lower), "no firm belongs to the quota",
                     "widen its firms, or use 0");
        }
    }
    void fill_quota_advisers(TableReader& in, std::size_t row, MarketQuota& q) {
        const TextColumn* network = in.text("network");
        const TextColumn* labels = in.text("labels");
        const TextColumn* adviser = in.text("adviser_id");
        const auto cell = [&](const TextColumn* c) {
            return c != nullptr ? (*c)[row] : std::string_view{};
        };
        const Advisers& a = market_.advisers;
        std::optional<std::uint32_t> only_network;
        if (!cell(network).empty()) {
            only_network = networks_.find(cell(network));
            if (!only_network) {
                unknown(in, row, "network", cell(network), "advisers");
                return;
            }
        }
        WordSet required = 0;
        for (const std::string_view word : list_items(cell(labels))) {
            const auto bit = labels_.find(word);
            if (!bit) {
                unknown(in, row, "labels", word, "advisers");
                return;
            }
            required |= WordSet{1} << *bit;
        }
        std::vector<std::uint32_t> named;
        for (const std::string_view id : list_items(cell(adviser))) {
            const auto j = market_.adviser_index.find(std::string(id));
            if (j == market_.adviser_index.end()) {
                unknown(in, row, "adviser_id", id, "advisers");
                return;
            }
            named.push_back(j->second);
        }
        q.all_advisers = !only_network && required == 0 && named.empty();
        for (std::size_t j = 0; !q.all_advisers && j < a.size(); ++j) {
            if (only_network && a.network[j] != *only_network) continue;
            if ((a.labels[j] & required) != required) continue;
            if (!named.empty() && std::find(named.begin(), named.end(), j) == named.end()) continue;
            q.advisers.emplace_back(j);
        }
        bool reaches = false;
        for (std::size_t p = 0; p < market_.programmes.size(); ++p)
            reaches |= market_.counts_in(q, ProgrammeId(p)) && market_.reaches(q, ProgrammeId(p));
        if (reaches) return;
        in.fault(row, "programme",
                 q.programme.known() ? market_.programmes[q.programme].name : std::string(),
                 "no adviser of the quota takes part in the programme",
                 "correct its programme, network, labels or adviser_id");
    }

    /// Firms, advisers and programmes of an earlier plan may be gone; that is worth a warning.
    void read_previous() {
        TableReader in = open("previous");
        const TextColumn* firm = in.required_text("firm_id");
        const TextColumn* adviser = in.required_text("adviser_id");
        const TextColumn* programme = in.text("programme");
        if (firm == nullptr || adviser == nullptr) return;
        std::size_t gone = 0, first = 0;
        for (std::size_t r = 0; r < in.rows(); ++r) {
            PreviousPair pair;
            const auto i = market_.firm_index.find(std::string((*firm)[r]));
            const auto j = market_.adviser_index.find(std::string((*adviser)[r]));
            const bool named = programme != nullptr && !(*programme)[r].empty();
            if (named) pair.programme = find_programme((*programme)[r]);
            if (i == market_.firm_index.end() || j == market_.adviser_index.end() ||
                (named && !pair.programme.known())) {
                first = gone++ == 0 ? r : first;
                continue;
            }
            pair.firm = FirmId(i->second);
            pair.adviser = AdviserId(j->second);
            market_.previous.push_back(pair);
        }
        if (gone == 0) return;
        const std::string pair =
            std::string((*firm)[first]) + " / " + std::string((*adviser)[first]);
        in.fault(static_cast<std::int64_t>(first), "", pair,
                 std::to_string(gone) + (gone == 1 ? " row names" : " rows name") +
                     " a firm, an adviser or a programme that the market lacks",
                 "correct the ids if they are not gone; such rows are passed over",
                 Fault::Severity::warning);
    }

    // ---- columns that several tables share ----

    static void unknown(TableReader& in, std::size_t row, std::string_view column,
                        std::string_view value, std::string_view table) {
        in.fault(row, column, value, "it is not in the table " + std::string(table),
                 "correct the id or add the row there");
    }

    ProgrammeId find_programme(std::string_view name) const {
        for (std::size_t p = 0; p < market_.programmes.size(); ++p) {
            if (market_.programmes[p].name == name) return ProgrammeId(p);
        }
        return {};
    }

    static std::vector<std::string> ids(TableReader& in, std::string_view column,
                                        std::unordered_map<std::string, std::uint32_t>& index) {
        std::vector<std::string> out(in.rows());
        const TextColumn* id = in.required_text(column);
        if (id == nullptr) return out;
        index.reserve(in.rows());
        for (std::size_t r = 0; r < in.rows(); ++r) {
            out[r] = (*id)[r];
            if (out[r].empty()) continue;
            const auto [first, fresh] = index.try_emplace(out[r], static_cast<std::uint32_t>(r));
            if (!fresh) {
                in.fault(
                    r, column, out[r],
                    "the id is already used by row " + std::to_string(in.given_row(first->second)),
                    "give each row its own id");
            }
        }
        return out;
    }

    WordSet words(TableReader& in, const TextColumn* column, std::size_t row, std::string_view name,
                  Vocabulary& vocabulary) {
        WordSet set = 0;
        if (column == nullptr) return set;
        for (const std::string_view word : list_items((*column)[row])) {
            const std::uint32_t bit = vocabulary.add(word);
            if (bit >= 64) {
                in.fault(row, name, word, "this would be the 65th distinct word of its kind",
                         "use at most 64 distinct words");
                continue;
            }
            set |= WordSet{1} << bit;
        }
        return set;
    }

    std::vector<WordSet> word_column(TableReader& in, std::string_view name,
                                     Vocabulary& vocabulary) {
        std::vector<WordSet> out(in.rows());
        const TextColumn* column = in.text(name);
        for (std::size_t r = 0; r < out.size(); ++r)
            out[r] = words(in, column, r, name, vocabulary);
        return out;
    }

    static std::vector<NafCode> naf_codes(TableReader& in, std::string_view name) {
        std::vector<NafCode> out(in.rows());
        const TextColumn* column = in.text(name);
        for (std::size_t r = 0; column != nullptr && r < out.size(); ++r) {
            if (const auto code = parse_naf((*column)[r])) {
                out[r] = *code;
            } else {
                in.fault(r, name, (*column)[r], "this is no NAF code", "write it like 62.01Z");
            }
        }
        return out;
    }

    static std::vector<std::vector<NafCode>> naf_lists(TableReader& in, std::string_view name) {
        std::vector<std::vector<NafCode>> out(in.rows());
        const TextColumn* column = in.text(name);
        for (std::size_t r = 0; column != nullptr && r < out.size(); ++r) {
            for (const std::string_view item : list_items((*column)[r])) {
                const auto code = parse_naf(item);
                if (code && code->length > 0) {
                    out[r].push_back(*code);
                } else {
                    in.fault(r, name, item, "this is no prefix of a NAF code",
                             "write 62, 62.0 or 62.01Z");
                }
            }
        }
        return out;
    }

    /// Zones of a row. The finest level that is named wins: coarser items beside it are dropped.
    std::vector<Zone> zones(TableReader& in) {
        std::vector<Zone> out(in.rows());
        const TextColumn* column = in.text("zones");
        for (std::size_t r = 0; column != nullptr && r < out.size(); ++r) {
            for (const std::string_view item : list_items((*column)[r])) {
                if (item == "FR") continue;
                const std::size_t colon = item.find(':');
                const auto level_at = std::find(territory_level_names.begin() + 1,
                                                territory_level_names.end(), item.substr(0, colon));
                if (colon == std::string_view::npos || level_at == territory_level_names.end()) {
                    in.fault(
                        r, "zones", item, "this is no territory",
                        "write FR, region:84, departement:69, epci:200046977 or commune:69123");
                    continue;
                }
                const auto level =
                    static_cast<std::size_t>(level_at - territory_level_names.begin());
                const auto code = territories_.empty()
                                      ? std::nullopt
                                      : territories_[level - 1].find(item.substr(colon + 1));
                if (!code) {
                    in.fault(r, "zones", item, "no commune lies in this territory",
                             "use a code of the table communes");
                    continue;
                }
                Zone& zone = out[r];
                if (static_cast<TerritoryLevel>(level) > zone.level) {
                    zone.level = static_cast<TerritoryLevel>(level);
                    zone.codes.clear();
                }
                if (static_cast<TerritoryLevel>(level) == zone.level) zone.codes.push_back(*code);
            }
            std::sort(out[r].codes.begin(), out[r].codes.end());
        }
        return out;
    }

    std::vector<PlaceId> places(TableReader& in) {
        std::vector<PlaceId> out(in.rows(), PlaceId(0U));
        const Geography& g = market_.geography;
        if (territories_.empty()) return out;
        const TextColumn* commune = in.text("commune");
        const auto lat = in.numbers("lat", std::nan(""), {-90, 90});
        const auto lon = in.numbers("lon", std::nan(""), {-180, 180});
        if (commune == nullptr && !(in.has("lat") && in.has("lon"))) {
            in.fault(std::int64_t{-1}, "commune", "", "there is no place",
                     "give a column commune, or columns lat and lon");
            return out;
        }
        for (std::size_t r = 0; r < out.size(); ++r) {
            const bool located = !std::isnan(lat[r]) && !std::isnan(lon[r]);
            std::uint32_t c = 0;
            if (commune != nullptr && !(*commune)[r].empty()) {
                const auto known = territories_[3].find((*commune)[r]);
                if (!known) {
                    unknown(in, r, "commune", (*commune)[r], "communes");
                    continue;
                }
                c = *known;
            } else if (located) {
                if (!nearest_) nearest_.emplace(g);
                c = (*nearest_)({lat[r], lon[r]});
            } else {
                in.fault(r, "commune", "", "the row has no place",
                         "give a commune, or lat and lon");
                continue;
            }
            const LatLon at = located ? LatLon{lat[r], lon[r]} : g.at[c];
            const auto [slot, fresh] = place_index_.try_emplace(
                std::tuple{c, at.lat, at.lon}, static_cast<std::uint32_t>(market_.places.size()));
            if (fresh) market_.places.push_back({c, at, on_sphere(at)});
            out[r] = PlaceId(slot->second);
        }
        return out;
    }

    static bool has_prefix(const TableReader& in, std::string_view prefix) {
        const auto& columns = in.table()->columns();
        return std::any_of(columns.begin(), columns.end(), [&](const auto& c) {
            return std::string_view(c.first).substr(0, prefix.size()) == prefix;
        });
    }

    Eigen::ArrayXXf skill_weights() const {
        Eigen::ArrayXXf w(static_cast<Eigen::Index>(market_.skill_weight.size()), 1);
        for (std::size_t k = 0; k < market_.skill_weight.size(); ++k)
            w(static_cast<Eigen::Index>(k), 0) = market_.skill_weight[k];
        return w;
    }

    /// skills x rows. A missing weight is the skill's own; a missing level is 0.
    Eigen::ArrayXXf levels(TableReader& in, std::string_view prefix, float low, float high) {
        const auto n = static_cast<Eigen::Index>(in.rows());
        Eigen::ArrayXXf out =
            Eigen::ArrayXXf::Zero(static_cast<Eigen::Index>(market_.skills.size()), n);
        for (std::size_t k = 0; k < market_.skills.size(); ++k) {
            const double otherwise =
                prefix == "weight_" ? static_cast<double>(market_.skill_weight[k]) : 0.0;
            const auto values = in.numbers(std::string(prefix) + market_.skills[k], otherwise,
                                           {static_cast<double>(low), static_cast<double>(high)});
            for (Eigen::Index r = 0; r < n; ++r) {
                out(static_cast<Eigen::Index>(k), r) =
                    static_cast<float>(values[static_cast<std::size_t>(r)]);
            }
        }
        for (const auto& [name, column] : in.table()->columns()) {
            if (name.compare(0, prefix.size(), prefix) != 0) continue;
            const std::string skill = name.substr(prefix.size());
            if (std::find(market_.skills.begin(), market_.skills.end(), skill) ==
                market_.skills.end()) {
                in.fault(std::int64_t{-1}, name, "",
                         "the table skills has no skill '" + skill + "'",
                         "add the skill or rename the column");
            }
        }
        return out;
    }

    const Tables* tables_;
    std::vector<Fault>* faults_;
    Tables ordered_;  ///< tables whose rows came in another order
    std::map<std::string, std::vector<std::uint32_t>, std::less<>> order_;  ///< rows of each
    Market market_;
    std::vector<Vocabulary> territories_;  ///< region, departement, epci, commune
    Vocabulary networks_{market_.networks}, languages_{market_.languages}, labels_{market_.labels},
        legal_forms_{market_.legal_forms}, formats_{market_.formats};
    VisitDefaults visits_;  ///< of advisers without figures of their own
    std::map<std::tuple<std::uint32_t, double, double>, std::uint32_t> place_index_;
    std::optional<NearestCommune> nearest_;
};

}  // namespace detail

/// Compiles tables into a market. Appends every fault to `faults`; the market is usable only if
/// none is an error.
[[nodiscard]] inline Market build_market(const Tables& tables, std::vector<Fault>& faults) {
    return detail::MarketBuilder(tables, faults).build();
}

/// The same, throwing InputError with all faults when there is an error.
[[nodiscard]] inline Market build_market(const Tables& tables) {
    std::vector<Fault> faults;
    Market market = build_market(tables, faults);
    if (std::any_of(faults.begin(), faults.end(),
                    [](const Fault& f) { return f.severity == Fault::Severity::error; })) {
        throw InputError(std::move(faults));
    }
    return market;
}

}  // namespace libmatch
