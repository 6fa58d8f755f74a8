// A firm that comes after a market was compiled: one row of the table firms, read by itself.
//
// The reader keeps what it needs of the market's words, so a row costs no more than its columns.
// Words that the market lacks match nobody. Faults are named as those of the table firms.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <libmatch/model/build_market.hpp>

namespace libmatch {

struct Arrival {
    std::string id;
    Place place;
    NafCode naf;
    double headcount = std::nan(""), created = std::nan("");  ///< NaN = unknown
    WordSet legal_form = 0, languages = 0;
    Eigen::ArrayXf need, weight;  ///< per skill
    std::int32_t demand = 1;
    double reservation = 0;
    std::vector<std::uint8_t> in_quota;  ///< one flag per quota of the market; empty = in none
};

class ArrivalReader {
  public:
    /// The market must outlive the reader.
    explicit ArrivalReader(const Market& market) : market_(&market) {
        const auto& communes = market.geography.codes[4];
        for (std::size_t c = 0; c < communes.size(); ++c)
            commune_.emplace(communes[c], static_cast<std::uint32_t>(c));
    }

    /// The first row of the table firms. Throws InputError with every fault.
    [[nodiscard]] Arrival read(const Tables& tables) {
        std::vector<Fault> faults;
        TableReader in(tables, "firms", faults);
        Arrival a;
        if (in.rows() != 1) {
            in.fault(std::int64_t{-1}, "", std::to_string(in.rows()) + " rows",
                     "one firm is expected", "give its columns, one value each");
            throw InputError(std::move(faults));
        }
        a.id = text(in, "firm_id");
        read_place(in, a);
        const std::string naf = text(in, "naf");
        if (const auto code = detail::parse_naf(naf)) {
            a.naf = *code;
        } else {
            in.fault(std::size_t{0}, "naf", naf, "this is no NAF code", "write it like 62.01Z");
        }
        a.headcount = in.numbers("headcount", std::nan(""), {0, HUGE_VAL})[0];
        a.created = in.numbers("created", std::nan(""), {-HUGE_VAL, HUGE_VAL})[0];
        a.legal_form = words(text(in, "legal_form"), market_->legal_forms);
        a.languages = words(text(in, "languages"), market_->languages);
        a.need = levels(in, "need_", 4);
        a.weight = levels(in, "weight_", 1e9);
        a.demand = in.whole<std::int32_t>("demand", 1, 0, 1e6)[0];
        a.reservation = in.numbers("reservation", 0, {-1e9, 1e9})[0];
        for (const MarketQuota& q : market_->quotas)
            a.in_quota.push_back(belongs(in, a, q) ? 1 : 0);
        if (!faults.empty()) throw InputError(std::move(faults));
        return a;
    }

  private:
    [[nodiscard]] bool belongs(TableReader& in, const Arrival& a, const MarketQuota& q) const {
        if (!q.holds(market_->geography, a.place.commune, a.naf, a.headcount)) return false;
        if (q.firm_column.empty()) return true;
        const Column* c = in.table()->find(q.firm_column);
        if (c == nullptr) return false;
        const auto* t = std::get_if<TextColumn>(c);
        return q.firm_value == (t != nullptr ? std::string((*t)[0])
                                             : number_text(std::get<NumberColumn>(*c).values[0]));
    }
    static std::string text(TableReader& in, std::string_view column) {
        const TextColumn* cells = in.text(column);
        return cells == nullptr ? std::string() : std::string((*cells)[0]);
    }
    void read_place(TableReader& in, Arrival& a) {
        const std::string commune = text(in, "commune");
        const double lat = in.numbers("lat", std::nan(""), {-90, 90})[0];
        const double lon = in.numbers("lon", std::nan(""), {-180, 180})[0];
        const bool located = !std::isnan(lat) && !std::isnan(lon);
        if (!commune.empty()) {
            const auto known = commune_.find(commune);
            if (known == commune_.end()) {
                in.fault(std::size_t{0}, "commune", commune, "it is not in the table communes",
                         "correct the id or add the row there");
                return;
            }
            a.place.commune = known->second;
        } else if (located) {
            if (!nearest_) nearest_.emplace(market_->geography);
            a.place.commune = (*nearest_)({lat, lon});
        } else {
            in.fault(std::size_t{0}, "commune", "", "the row has no place",
                     "give a commune, or lat and lon");
            return;
        }
        a.place.at = located ? LatLon{lat, lon} : market_->geography.at[a.place.commune];
        a.place.point = on_sphere(a.place.at);
    }
    /// A word that nobody else uses is one that the market lacks.
    static WordSet words(std::string_view cell, const std::vector<std::string>& known) {
        WordSet set = 0;
        for (const std::string_view word : list_items(cell)) {
            const auto at = std::find(known.begin(), known.end(), word);
            set |= WordSet{1} << std::min<std::ptrdiff_t>(at - known.begin(), 63);
        }
        return set;
    }
    /// A missing need is 0; a missing weight that of the other firms, where they share one.
    [[nodiscard]] Eigen::ArrayXf levels(TableReader& in, const std::string& prefix,
                                        double most) const {
        const bool weights = prefix == "weight_";
        Eigen::ArrayXf out(static_cast<Eigen::Index>(market_->skills.size()));
        for (std::size_t k = 0; k < market_->skills.size(); ++k) {
            const auto row = static_cast<Eigen::Index>(k);
            const double otherwise = weights ? static_cast<double>(market_->skill_weight[k]) : 0;
            out(row) = static_cast<float>(
                in.numbers(prefix + market_->skills[k], otherwise, {0, most})[0]);
        }
        return out;
    }

    const Market* market_;
    std::unordered_map<std::string, std::uint32_t> commune_;
    std::optional<detail::NearestCommune> nearest_;
};

}  // namespace libmatch
