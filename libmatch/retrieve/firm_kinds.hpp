// Firms by what the rules about firm and adviser read: trade, headcount and languages.
//
// Problem: for one firm after another, which of many advisers do these rules exclude? Method: each
// rule reads one number of the firm, and few numbers differ: trades; bands of headcount, cut at the
// bounds that advisers state; sets of languages. So the answers for a block of advisers are one
// word of bits per number, made once. Numbers beyond `most_numbers` share an entry that excludes
// nobody: masks say surely who is excluded, and who passes is asked again.
//
// Complexity: O(firms log bounds) once. Deterministic: numbers in the order of firms.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include <libmatch/score/scorer.hpp>

namespace libmatch::detail {

class FirmKinds {
  public:
    static constexpr std::size_t rules = 3;

    explicit FirmKinds(const Scorer& scorer) : scorer_(&scorer) {
        const Firms& f = scorer.market().firms;
        const Advisers& a = scorer.market().advisers;
        std::vector<double> bounds;
        for (std::size_t j = 0; j < a.size(); ++j) {
            bounds.push_back(a.headcount_min[j]);
            bounds.push_back(a.headcount_max[j]);
        }
        std::sort(bounds.begin(), bounds.end());
        bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
        std::unordered_map<std::uint64_t, std::uint32_t> bands, sets;
        for (auto& of_rule : number_) of_rule.reserve(f.size());
        for (std::size_t i = 0; i < f.size(); ++i) {
            const double h = f.headcount[i];
            // Twice the bounds below, and one more on a bound; unknown headcounts meet no bound.
            const auto at = std::lower_bound(bounds.begin(), bounds.end(), h);
            const auto below = static_cast<std::uint64_t>(at - bounds.begin());
            const std::uint64_t band =
                h != h ? ~std::uint64_t{0} : 2 * below + (at != bounds.end() && *at == h ? 1 : 0);
            number_[0].push_back(std::min<std::uint32_t>(scorer.trade(FirmId(i)), most_numbers));
            number_[1].push_back(number(bands, band, headcounts_, h));
            number_[2].push_back(number(sets, f.languages[i], languages_, f.languages[i]));
        }
        trades_ = std::min<std::size_t>(scorer.trades(), most_numbers);
    }

    /// The firm's number for a rule; kinds(rule) for the entry that excludes nobody.
    [[nodiscard]] std::size_t of(FirmId i, std::size_t rule) const {
        return std::min<std::size_t>(number_[rule][i], kinds(rule));
    }
    [[nodiscard]] std::size_t kinds(std::size_t rule) const {
        return rule == 0 ? trades_ : rule == 1 ? headcounts_.size() : languages_.size();
    }
    /// False where the rule surely excludes no firm from the adviser.
    [[nodiscard]] bool excludes(AdviserId j, std::size_t rule) const {
        const Advisers& a = scorer_->market().advisers;
        return rule == 0   ? !a.naf_in[j].empty() || !a.naf_out[j].empty()
               : rule == 1 ? a.headcount_min[j] > -HUGE_VAL || a.headcount_max[j] < HUGE_VAL
                           : a.languages[j] != 0;
    }
    /// Whether the rule lets firms of this number and the adviser meet.
    [[nodiscard]] bool serves(AdviserId j, std::size_t rule, std::size_t kind) const {
        if (kind >= kinds(rule)) return true;
        return rule == 0   ? scorer_->serves_trade(j, static_cast<std::uint32_t>(kind))
               : rule == 1 ? scorer_->serves_headcount(j, headcounts_[kind])
                           : scorer_->serves_language(j, languages_[kind]);
    }

  private:
    static constexpr std::uint32_t most_numbers = 1'024;
    template <class Key, class Value>
    static std::uint32_t number(std::unordered_map<std::uint64_t, std::uint32_t>& known, Key key,
                                std::vector<Value>& values, Value value) {
        const auto [at, added] = known.try_emplace(
            key, std::min(static_cast<std::uint32_t>(known.size()), most_numbers));
        if (added && values.size() < most_numbers) values.push_back(value);
        return at->second;
    }

    const Scorer* scorer_;
    std::array<std::vector<std::uint32_t>, rules> number_;
    std::size_t trades_ = 0;
    std::vector<double> headcounts_;  ///< one of each band
    std::vector<WordSet> languages_;
};

}  // namespace libmatch::detail
