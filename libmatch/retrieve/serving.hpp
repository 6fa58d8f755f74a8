// Which advisers serve a place, and in which order its firms should look at them.
//
// Problem: for all firms of a place, territory, distance, proximity, trust and price are common.
// The advisers that serve the place are wanted by falling `common part - price`, a few at a time,
// with their skills laid out for coverage_block.
//
// Method: advisers are listed by the territories of their zones, so only those that serve the place
// are looked at. Those who work remotely for the whole country look the same from everywhere: they
// are ordered once per price vector. The others are ordered place by place, and only as far as
// firms look: the best few hundred are selected and sorted, then the next few hundred.
//
// Complexity: O(advisers that serve the place) per place, plus sorting what is looked at. Memory
// O(advisers). Deterministic: ties by index.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <libmatch/retrieve/coverage_block.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch::detail {

/// Usable advisers of a programme by the territories that they serve.
class Serving {
  public:
    explicit Serving(const Scorer& scorer) : scorer_(&scorer) {
        const Market& market = scorer.market();
        const Advisers& a = market.advisers;
        for (std::size_t level = 0; level < by_code_.size(); ++level)
            by_code_[level].resize(std::max<std::size_t>(1, market.geography.codes[level].size()));
        cut_.resize(a.size());
        for (std::size_t j = 0; j < a.size(); ++j) {
            const AdviserId adviser(j);
            if (scorer.adviser_rule_of(adviser) != Exclusion::none) continue;
            const Zone& zone = a.zone[j];
            if (zone.level == TerritoryLevel::country) {
                (a.remote[j] != 0 ? anywhere_ : by_code_[0][0]).push_back(adviser);
            } else {
                for (std::size_t c = 0; c < zone.codes.size(); ++c) {
                    if (c > 0 && zone.codes[c] == zone.codes[c - 1]) continue;
                    by_code_[static_cast<std::size_t>(zone.level)][zone.codes[c]].push_back(
                        adviser);
                }
            }
            // Beyond this squared chord of the unit sphere the distance exceeds the range.
            const double half_angle =
                std::min(a.range_km[j] / (2 * earth_radius_km), 1.5707963267948966);
            const double chord = 2 * std::sin(half_angle);
            cut_[j] = chord * chord * (1 + 1e-9) + 1e-15;
        }
    }

    [[nodiscard]] const Scorer& scorer() const { return *scorer_; }
    /// Advisers who look the same from every place.
    [[nodiscard]] std::span<const AdviserId> anywhere() const { return anywhere_; }

    /// Calls visit(adviser, common part) for all others that serve the place.
    template <class Visit>
    void each_at(PlaceId place, const Visit& visit) const {
        const Market& market = scorer_->market();
        const Advisers& a = market.advisers;
        const Programme& programme = scorer_->programme();
        const SpherePoint& here = market.places[place].point;
        const auto& territory = market.geography.territory[market.places[place].commune];
        for (std::size_t level = 0; level < by_code_.size(); ++level) {
            const std::size_t code = level == 0 ? 0 : territory[level];
            if (code >= by_code_[level].size()) continue;
            for (const AdviserId j : by_code_[level][code]) {
                const SpherePoint& there = market.places[a.place[j]].point;
                const double dx = here.x - there.x, dy = here.y - there.y, dz = here.z - there.z;
                const bool near = a.remote[j] != 0 || dx * dx + dy * dy + dz * dz <= cut_[j];
                if (a.remote[j] == 0 && programme.max_distance_km < HUGE_VAL &&
                    scorer_->place_rule(place, j) != Exclusion::none) {
                    continue;
                }
                visit(j, near ? scorer_->common(place, j) : programme.trust * scorer_->trust_of(j));
            }
        }
    }

  private:
    const Scorer* scorer_;
    std::vector<AdviserId> anywhere_;
    std::array<std::vector<std::vector<AdviserId>>, 5> by_code_;
    std::vector<double> cut_;
};

/// Advisers by falling `common part - price`, in blocks.
class Ranking {
  public:
    struct Entry {
        double net = 0;     ///< common - price
        double common = 0;  ///< weighted proximity and trust
        AdviserId adviser;
        friend bool operator<(const Entry& a, const Entry& b) {
            return a.net != b.net ? a.net > b.net : a.adviser < b.adviser;
        }
    };

    explicit Ranking(const Market& market)
        : market_(&market), skills_(static_cast<std::size_t>(market.advisers.skill.rows())) {}

    void clear() {
        entries_.clear();
        sorted_ = laid_out_ = 0;
    }
    void add(AdviserId j, double common, double price) {
        entries_.push_back({common - price, common, j});
    }

    [[nodiscard]] std::size_t blocks() const {
        return (entries_.size() + block_advisers - 1) / block_advisers;
    }
    /// Makes block b readable; blocks are asked for in order.
    void reach(std::size_t b) {
        const std::size_t end = std::min(entries_.size(), (b + 1) * block_advisers);
        while (sorted_ < end) sort_more();
        for (; laid_out_ <= b; ++laid_out_) lay_out(laid_out_);
    }
    [[nodiscard]] bool reached(std::size_t b) const { return b < laid_out_; }

    /// Net value of the first adviser of a block, the largest of the block.
    [[nodiscard]] double head(std::size_t b) const { return entries_[b * block_advisers].net; }
    [[nodiscard]] std::span<const Entry> entries(std::size_t b) const {
        const std::size_t begin = b * block_advisers;
        return std::span(entries_).subspan(begin,
                                           std::min(block_advisers, entries_.size() - begin));
    }
    /// Net values less the head, rounded up; -infinity in lanes without an adviser.
    [[nodiscard]] const float* offsets(std::size_t b) const {
        return offset_.data() + b * block_advisers;
    }
    [[nodiscard]] const float* skill(std::size_t b) const {
        return skill_.data() + b * block_advisers * skills_;
    }

  private:
    void sort_more() {
        const std::size_t more = std::max<std::size_t>(2 * block_advisers, sorted_);
        const std::size_t end = std::min(entries_.size(), sorted_ + more);
        const auto at = [&](std::size_t k) {
            return entries_.begin() + static_cast<std::ptrdiff_t>(k);
        };
        if (end < entries_.size()) std::nth_element(at(sorted_), at(end), entries_.end());
        std::sort(at(sorted_), at(end));
        sorted_ = end;
    }

    void lay_out(std::size_t b) {
        offset_.resize(std::max(offset_.size(), (b + 1) * block_advisers));
        skill_.resize(std::max(skill_.size(), (b + 1) * block_advisers * skills_));
        float* offset = offset_.data() + b * block_advisers;
        float* skill = skill_.data() + b * block_advisers * skills_;
        const auto here = entries(b);
        for (std::size_t lane = 0; lane < block_advisers; ++lane) {
            if (lane >= here.size()) {
                offset[lane] = -HUGE_VALF;
                for (std::size_t k = 0; k < skills_; ++k) skill[k * block_advisers + lane] = 0;
                continue;
            }
            // At most 0. Nearer to 0 than the true one by more than what rounding it, and rounding
            // the sum with a coverage, can take away.
            offset[lane] = static_cast<float>((here[lane].net - head(b)) * (1 - 0x1p-21));
            const auto column =
                market_->advisers.skill.col(static_cast<Eigen::Index>(here[lane].adviser.value));
            for (std::size_t k = 0; k < skills_; ++k)
                skill[k * block_advisers + lane] = column[static_cast<Eigen::Index>(k)];
        }
    }

    const Market* market_;
    std::size_t skills_;
    std::vector<Entry> entries_;
    std::size_t sorted_ = 0, laid_out_ = 0;
    std::vector<float> offset_, skill_;
};

}  // namespace libmatch::detail
