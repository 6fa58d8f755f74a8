// The score of a pair and the rules that exclude pairs, for one programme of a market.
//
//   score(i, j) = w_c coverage + w_p proximity + w_t trust + bonus
//   coverage    = sum_k w_ik min(need_ik, skill_jk) / sum_k w_ik need_ik      (0 without needs)
//   proximity   = max(0, 1 - d_ij / range_j); a constant for advisers who work remotely
//
// Eligibility is a hard rule, never a penalty; every excluded pair names its rule. The parts that
// all firms of one place share (territory, distance, proximity, trust) stand apart, so that
// retrieval can compute them once. Complexity: O(skills) per pair after O(advisers) preparation.
// Deterministic: one order of operations.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <libmatch/model/market.hpp>
#include <libmatch/score/trust.hpp>

namespace libmatch {

/// The rule that excludes a pair.
enum class Exclusion : std::uint8_t {
    none,
    not_reached,
    no_demand,
    programme_headcount,
    legal_form,
    firm_age,
    network,
    label,
    absent,
    territory,
    distance,
    naf,
    headcount,
    language,
    conflict,
};

[[nodiscard]] constexpr std::string_view name(Exclusion e) {
    switch (e) {
        case Exclusion::none:
            return "eligible";
        case Exclusion::not_reached:
            return "the firm has not been reached by the programme before";
        case Exclusion::no_demand:
            return "the firm asks for no adviser";
        case Exclusion::programme_headcount:
            return "the firm is too large for the programme";
        case Exclusion::legal_form:
            return "the programme excludes the firm's legal form";
        case Exclusion::firm_age:
            return "the programme excludes the firm's age";
        case Exclusion::network:
            return "the adviser belongs to another network";
        case Exclusion::label:
            return "the adviser lacks a label that the programme requires";
        case Exclusion::absent:
            return "the adviser is absent at the date of the plan";
        case Exclusion::territory:
            return "the firm lies outside the adviser's territory";
        case Exclusion::distance:
            return "the adviser is farther than the programme allows";
        case Exclusion::naf:
            return "the adviser does not serve the firm's trade";
        case Exclusion::headcount:
            return "the adviser does not serve firms of this headcount";
        case Exclusion::language:
            return "the firm and the adviser share no language";
        case Exclusion::conflict:
            return "the pair is forbidden";
    }
    return "";
}

/// The terms of a score, each in [0, 1] except the bonus.
struct ScoreTerms {
    double coverage = 0;
    double proximity = 0;
    double trust = 0;
    double bonus = 0;
    double score = 0;  ///< weighted sum
};

class Scorer {
  public:
    /// `reached`: one flag per firm, for a programme that comes after another; empty = every firm
    /// counts as reached. The market must outlive the scorer.
    Scorer(const Market& market, ProgrammeId programme, std::vector<std::uint8_t> reached = {})
        : market_(&market),
          id_(programme),
          programme_(&market.programmes[programme]),
          reached_(std::move(reached)) {
        const Advisers& a = market.advisers;
        trust_.resize(a.size());
        adviser_rule_.resize(a.size());
        limits_.resize(a.size());
        trades_.prepare(market);
        for (std::size_t j = 0; j < a.size(); ++j) {
            trust_[j] =
                libmatch::trust(a.successes[j], a.failures[j], a.labels[j] != 0, market.settings);
            adviser_rule_[j] = adviser_rule(j);
            limits_[j] = {a.headcount_min[j], a.headcount_max[j], a.languages[j],
                          !a.naf_in[j].empty() || !a.naf_out[j].empty()};
        }
    }

    [[nodiscard]] const Market& market() const { return *market_; }
    [[nodiscard]] const Programme& programme() const { return *programme_; }
    [[nodiscard]] ProgrammeId programme_id() const { return id_; }
    [[nodiscard]] double trust_of(AdviserId j) const { return trust_[j]; }

    // ---- eligibility, from the coarse rules to the fine ones ----

    /// Rules about the firm alone.
    [[nodiscard]] Exclusion firm_rule(FirmId i) const {
        const Firms& f = market_->firms;
        if (!reached_.empty() && reached_[i] == 0) return Exclusion::not_reached;
        return firm_rule(f.demand[i], f.headcount[i], f.legal_form[i], f.created[i]);
    }
    /// The same of any firm that the programme has reached.
    [[nodiscard]] Exclusion firm_rule(std::int32_t demand, double headcount, WordSet legal_form,
                                      double created) const {
        const Programme& p = *programme_;
        if (demand == 0) return Exclusion::no_demand;
        if (headcount > p.headcount_max) return Exclusion::programme_headcount;
        if (p.legal_forms != 0 && (p.legal_forms & legal_form) == 0) return Exclusion::legal_form;
        const double age = (market_->settings.date - created) / 365.25;
        if (age < p.age_min_years || age > p.age_max_years) return Exclusion::firm_age;
        return Exclusion::none;
    }
    /// Rules about the adviser alone.
    [[nodiscard]] Exclusion adviser_rule_of(AdviserId j) const { return adviser_rule_[j]; }
    /// Rules about the firm's place and the adviser.
    [[nodiscard]] Exclusion place_rule(PlaceId place, AdviserId j) const {
        return place_rule(market_->places[place], j);
    }
    [[nodiscard]] Exclusion place_rule(const Place& place, AdviserId j) const {
        const Advisers& a = market_->advisers;
        if (!market_->geography.contains(a.zone[j], place.commune)) return Exclusion::territory;
        if (a.remote[j] == 0 && programme_->max_distance_km < HUGE_VAL &&
            distance(place, j) > programme_->max_distance_km) {
            return Exclusion::distance;
        }
        return Exclusion::none;
    }
    /// A trade of firms as a number from 0, the same for the same NAF code.
    [[nodiscard]] std::uint32_t trade(FirmId i) const { return trades_.code(i); }
    [[nodiscard]] std::size_t trades() const { return trades_.codes(); }
    [[nodiscard]] bool serves_trade(AdviserId j, std::uint32_t trade) const {
        return !limits_[j].trades || trades_.serves(j, trade);
    }
    /// The same of any trade; linear in the adviser's lists.
    [[nodiscard]] bool serves_trade(AdviserId j, const NafCode& naf) const {
        return Trades::serves(naf, market_->advisers.naf_in[j], market_->advisers.naf_out[j]);
    }
    [[nodiscard]] bool serves_headcount(AdviserId j, double headcount) const {
        return !(headcount < limits_[j].headcount_min || headcount > limits_[j].headcount_max);
    }
    [[nodiscard]] bool serves_language(AdviserId j, WordSet languages) const {
        const WordSet own = limits_[j].languages;
        return languages == 0 || own == 0 || (languages & own) != 0;
    }
    /// Rules about the firm and the adviser, apart from the above.
    [[nodiscard]] Exclusion pair_rule(FirmId i, AdviserId j) const {
        const Firms& f = market_->firms;
        if (!serves_trade(j, trade(i))) return Exclusion::naf;
        if (!serves_headcount(j, f.headcount[i])) return Exclusion::headcount;
        if (!serves_language(j, f.languages[i])) return Exclusion::language;
        for (const PairNote& note : notes(i)) {
            if (note.adviser == j && note.kind == PairKind::forbidden && applies(note)) {
                return Exclusion::conflict;
            }
        }
        return Exclusion::none;
    }
    /// The first rule that excludes the pair, or none.
    [[nodiscard]] Exclusion exclusion(FirmId i, AdviserId j) const {
        if (const auto e = firm_rule(i); e != Exclusion::none) return e;
        if (const auto e = adviser_rule_of(j); e != Exclusion::none) return e;
        if (const auto e = place_rule(market_->firms.place[i], j); e != Exclusion::none) return e;
        return pair_rule(i, j);
    }

    // ---- the score ----

    /// Weighted proximity and trust: common to all firms of the place.
    [[nodiscard]] double common(PlaceId place, AdviserId j) const {
        return common(market_->places[place], j);
    }
    [[nodiscard]] double common(const Place& place, AdviserId j) const {
        return programme_->proximity * proximity(place, j) + programme_->trust * trust_[j];
    }
    [[nodiscard]] double proximity(PlaceId place, AdviserId j) const {
        return proximity(market_->places[place], j);
    }
    [[nodiscard]] double proximity(const Place& place, AdviserId j) const {
        const Advisers& a = market_->advisers;
        if (a.remote[j] != 0) return programme_->remote_proximity;
        return std::max(0.0, 1 - distance(place, j) / a.range_km[j]);
    }
    [[nodiscard]] double coverage(FirmId i, AdviserId j) const {
        return coverage_of(i, j, asked(i));
    }
    /// Weights of the skills for a firm.
    [[nodiscard]] Eigen::ArrayXXf::ConstColXpr weights(FirmId i) const {
        const auto& weight = market_->firms.weight;
        return weight.col(weight.cols() == 1 ? 0 : static_cast<Eigen::Index>(i.value));
    }
    /// Weighted sum of the needs of a firm.
    [[nodiscard]] float asked(FirmId i) const {
        return (weights(i) * market_->firms.need.col(static_cast<Eigen::Index>(i.value))).sum();
    }
    /// `asked` must be asked(i).
    [[nodiscard]] double coverage_of(FirmId i, AdviserId j, float asked) const {
        return coverage_of(weights(i), market_->firms.need.col(static_cast<Eigen::Index>(i.value)),
                           j, asked);
    }
    /// Of any firm; `asked` must be the weighted sum of its needs.
    template <class Weights, class Needs>
    [[nodiscard]] double coverage_of(const Weights& weights, const Needs& need, AdviserId j,
                                     float asked) const {
        if (asked <= 0) return 0;
        const auto skill = market_->advisers.skill.col(static_cast<Eigen::Index>(j.value));
        return std::min(1.0, static_cast<double>((weights * need.min(skill)).sum()) /
                                 static_cast<double>(asked));
    }
    [[nodiscard]] double bonus(FirmId i, AdviserId j) const {
        double sum = 0;
        for (const PairNote& note : notes(i)) {
            if (note.adviser == j && note.kind == PairKind::bonus && applies(note))
                sum += note.value;
        }
        return sum;
    }
    /// `common` must be common(place of i, j), and `asked` asked(i).
    [[nodiscard]] double score_with(double common, FirmId i, AdviserId j, float asked) const {
        return score_without_notes(common, i, j, asked) + bonus(i, j);
    }
    /// The same for a firm without notes.
    [[nodiscard]] double score_without_notes(double common, FirmId i, AdviserId j,
                                             float asked) const {
        return common + programme_->coverage * coverage_of(i, j, asked);
    }
    [[nodiscard]] double score(FirmId i, AdviserId j) const {
        return score_with(common(market_->firms.place[i], j), i, j, asked(i));
    }
    /// No pair scores more: every term at its most.
    [[nodiscard]] double score_limit() const {
        double bonus = 0;
        for (std::size_t i = 0; i + 1 < market_->notes_of_firm.size(); ++i) {
            double sum = 0;
            for (const PairNote& note : notes(FirmId(i))) {
                if (note.kind == PairKind::bonus && note.value > 0 && applies(note))
                    sum += note.value;
            }
            bonus = std::max(bonus, sum);
        }
        return programme_->coverage + programme_->proximity + programme_->trust + bonus + 1e-9;
    }
    [[nodiscard]] ScoreTerms terms(FirmId i, AdviserId j) const {
        return {coverage(i, j), proximity(market_->firms.place[i], j), trust_[j], bonus(i, j),
                score(i, j)};
    }

    /// The notes of a firm, for whatever programme.
    [[nodiscard]] std::span<const PairNote> notes(FirmId i) const {
        const auto begin = market_->notes_of_firm[i], end = market_->notes_of_firm[i + 1];
        return std::span(market_->notes).subspan(begin, end - begin);
    }
    [[nodiscard]] bool applies(const PairNote& note) const {
        return !note.programme.known() || note.programme == id_;
    }

  private:
    /// An adviser's limits about firms, together in memory.
    struct Limits {
        double headcount_min = 0, headcount_max = HUGE_VAL;
        WordSet languages = 0;
        bool trades = false;  ///< has a list of trades
    };
    /// Which lists of trades serve which codes of firms: one bit for each distinct list and code.
    class Trades {
      public:
        void prepare(const Market& market) {
            const Firms& f = market.firms;
            const Advisers& a = market.advisers;
            std::unordered_map<std::string_view, std::uint32_t> known;
            std::vector<NafCode> codes;
            code_.reserve(f.size());
            for (std::size_t i = 0; i < f.size(); ++i) {
                const auto [at, added] =
                    known.try_emplace(f.naf[i].view(), static_cast<std::uint32_t>(codes.size()));
                if (added) codes.push_back(f.naf[i]);
                code_.push_back(at->second);
            }
            codes_ = codes.size();
            std::unordered_map<std::string, std::uint32_t> lists;
            for (std::size_t j = 0; j < a.size(); ++j) {
                std::string text;
                for (const NafCode& c : a.naf_in[j]) (text += c.view()) += ';';
                text += '|';
                for (const NafCode& c : a.naf_out[j]) (text += c.view()) += ';';
                const auto [at, added] =
                    lists.try_emplace(text, static_cast<std::uint32_t>(lists.size()));
                list_.push_back(at->second);
                for (std::size_t c = 0; added && c < codes_; ++c)
                    serves_.push_back(serves(codes[c], a.naf_in[j], a.naf_out[j]));
            }
        }
        [[nodiscard]] std::uint32_t code(FirmId i) const { return code_[i]; }
        [[nodiscard]] std::size_t codes() const { return codes_; }
        [[nodiscard]] bool serves(AdviserId j, std::uint32_t code) const {
            return serves_[list_[j] * codes_ + code];
        }
        static bool serves(const NafCode& naf, const std::vector<NafCode>& in,
                           const std::vector<NafCode>& out) {
            const auto matches = [&](const NafCode& prefix) { return naf.starts_with(prefix); };
            return (in.empty() || std::any_of(in.begin(), in.end(), matches)) &&
                   std::none_of(out.begin(), out.end(), matches);
        }

      private:
        std::vector<std::uint32_t> code_, list_;
        std::size_t codes_ = 0;
        std::vector<bool> serves_;
    };
    [[nodiscard]] double distance(const Place& place, AdviserId j) const {
        return distance_km(place.point, market_->places[market_->advisers.place[j]].point);
    }
    [[nodiscard]] Exclusion adviser_rule(std::size_t j) const {
        const Advisers& a = market_->advisers;
        if (a.network[j] != programme_->network) return Exclusion::network;
        if ((a.labels[j] & programme_->labels_required) != programme_->labels_required) {
            return Exclusion::label;
        }
        const double date = market_->settings.date;
        const bool begun = std::isnan(a.absent_from[j]) ? !std::isnan(a.absent_until[j])
                                                        : date >= a.absent_from[j];
        const bool over = !std::isnan(a.absent_until[j]) && date > a.absent_until[j];
        if (!std::isnan(date) && begun && !over) return Exclusion::absent;
        return Exclusion::none;
    }

    const Market* market_;
    ProgrammeId id_;
    const Programme* programme_;
    std::vector<std::uint8_t> reached_;
    std::vector<double> trust_;
    std::vector<Exclusion> adviser_rule_;
    std::vector<Limits> limits_;
    Trades trades_;
};

}  // namespace libmatch
