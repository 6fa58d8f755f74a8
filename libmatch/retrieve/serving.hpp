// Which advisers serve a place, laid out so that one firm after another meets them in blocks.
//
// Problem: for all firms of a place, territory, distance, proximity, trust and price are common;
// only coverage, bonuses and the rules between firm and adviser differ. Wanted: for one firm after
// another, the net value of every adviser that serves the place, in the whole steps of
// steps.hpp.
//
// Method: advisers are listed by the territories of their zones, one shelf per territory, so only
// those that serve a place are looked at. A shelf holds what never changes: levels in bytes, and
// for each trade, band of headcount and set of languages the advisers that serve such firms, one
// bit each (firm_kinds.hpp). At given prices it gets each adviser's `common part - price` as
// it is from afar; a place then adds those who are near it, whose common parts are kept.
//
// Complexity: O(advisers x (skills + kinds of firms / 32)) once; per place O(advisers that serve
// it). Memory O(advisers x territories in their zones). Deterministic: advisers by index.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <libmatch/retrieve/firm_kinds.hpp>
#include <libmatch/retrieve/net_block.hpp>
#include <libmatch/retrieve/steps.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch::detail {

/// Advisers of one territory, in blocks.
class Shelf {
  public:
    /// `cut`: squared chord of the unit sphere beyond which an adviser is far: its proximity is 0,
    /// or the programme excludes it.
    Shelf(const Scorer& scorer, const Steps& steps, const FirmKinds& kinds,
          std::vector<AdviserId> advisers, const std::vector<double>& cut)
        : advisers_(std::move(advisers)),
          blocks_((advisers_.size() + block_advisers - 1) / block_advisers) {
        const Market& market = scorer.market();
        const auto skills = static_cast<std::size_t>(market.advisers.skill.rows());
        const std::size_t pairs = (skills + 1) / 2;
        const bool limited = scorer.programme().max_distance_km < HUGE_VAL;
        skill_.assign(blocks_ * pairs * 2 * block_advisers, 0);
        open_.assign(blocks_, 0);
        for (std::size_t a = 0; a < advisers_.size(); ++a) {
            const AdviserId j = advisers_[a];
            const std::size_t b = a / block_advisers, lane = a % block_advisers;
            const auto levels = market.advisers.skill.col(static_cast<Eigen::Index>(j.value));
            for (std::size_t k = 0; k < skills; ++k) {
                skill_[((b * pairs + k / 2) * block_advisers + lane) * 2 + k % 2] =
                    steps.level(levels[static_cast<Eigen::Index>(k)]);
            }
            const bool remote = market.advisers.remote[j] != 0;
            const SpherePoint& at = market.places[market.advisers.place[j]].point;
            x_.push_back(at.x);
            y_.push_back(at.y);
            z_.push_back(at.z);
            cut_.push_back(remote ? -1 : cut[j]);
            if (remote || !limited) open_[b] |= std::uint32_t{1} << lane;
            far_.push_back(remote ? scorer.common(PlaceId(0U), j)
                                  : scorer.programme().trust * scorer.trust_of(j));
        }
        for (std::size_t rule = 0; rule < FirmKinds::rules; ++rule) mark(kinds, rule);
    }

    [[nodiscard]] std::size_t size() const { return advisers_.size(); }
    [[nodiscard]] std::size_t blocks() const { return blocks_; }
    [[nodiscard]] AdviserId adviser(std::size_t a) const { return advisers_[a]; }
    [[nodiscard]] const std::uint8_t* skill() const { return skill_.data(); }
    /// Bits of the advisers that a rule lets meet firms of this kind, one word per block.
    [[nodiscard]] const std::uint32_t* served(std::size_t rule, std::size_t kind) const {
        return served_[rule].data() + kind * blocks_;
    }

    /// Common part for firms of a place that is out of the adviser's range, or of any place for
    /// those who work remotely.
    [[nodiscard]] double far(std::size_t a) const { return far_[a]; }
    /// Bits of those who are no padding, and whom no distance excludes.
    [[nodiscard]] const std::uint32_t* open() const { return open_.data(); }

    /// Calls near(a, common part) for those to whom the place is near enough to make a difference.
    template <class Near>
    void meet(const Scorer& scorer, PlaceId place, const Near& near) const {
        const SpherePoint& at = scorer.market().places[place].point;
        constexpr std::size_t width = 64;
        double beyond[width];
        for (std::size_t begin = 0; begin < size(); begin += width) {
            const std::size_t count = std::min(width, size() - begin);
            for (std::size_t k = 0; k < count; ++k) {
                const std::size_t a = begin + k;
                const double dx = at.x - x_[a], dy = at.y - y_[a], dz = at.z - z_[a];
                beyond[k] = dx * dx + dy * dy + dz * dz - cut_[a];
            }
            for (std::size_t k = 0; k < count; ++k) {
                if (beyond[k] <= 0 &&
                    scorer.place_rule(place, advisers_[begin + k]) == Exclusion::none)
                    near(begin + k, scorer.common(place, advisers_[begin + k]));
            }
        }
    }

  private:
    void mark(const FirmKinds& kinds, std::size_t rule) {
        const std::size_t count = kinds.kinds(rule);
        auto& bits = served_[rule];
        bits.assign((count + 1) * blocks_, ~std::uint32_t{0});
        for (std::size_t a = 0; a < size(); ++a) {
            if (!kinds.excludes(advisers_[a], rule)) continue;
            for (std::size_t kind = 0; kind < count; ++kind) {
                if (!kinds.serves(advisers_[a], rule, kind))
                    bits[kind * blocks_ + a / block_advisers] &=
                        ~(std::uint32_t{1} << (a % block_advisers));
            }
        }
    }

    std::vector<AdviserId> advisers_;
    std::size_t blocks_;
    std::vector<std::uint8_t> skill_;
    std::array<std::vector<std::uint32_t>, FirmKinds::rules> served_;
    std::vector<std::uint32_t> open_;
    std::vector<double> x_, y_, z_, cut_, far_;
};

/// All shelves of a programme's usable advisers.
class Serving {
  public:
    static constexpr std::size_t most_shelves = 6;  ///< that serve one place

    Serving(const Scorer& scorer, const Steps& steps, const FirmKinds& kinds, unsigned threads,
            const Control* control = nullptr)
        : scorer_(&scorer), steps_(&steps) {
        const Market& market = scorer.market();
        const Advisers& a = market.advisers;
        std::vector<AdviserId> anywhere, countrywide;
        std::array<std::vector<std::vector<AdviserId>>, 5> of_code;
        for (std::size_t level = 1; level < of_code.size(); ++level)
            of_code[level].resize(market.geography.codes[level].size());
        std::vector<double> cut(a.size());
        const double limit = scorer.programme().max_distance_km;
        for (std::size_t j = 0; j < a.size(); ++j) {
            const AdviserId adviser(j);
            if (scorer.adviser_rule_of(adviser) != Exclusion::none) continue;
            const Zone& zone = a.zone[j];
            if (zone.level == TerritoryLevel::country) {
                (a.remote[j] != 0 ? anywhere : countrywide).push_back(adviser);
            }
            for (std::size_t c = 0; zone.level != TerritoryLevel::country && c < zone.codes.size();
                 ++c) {
                if (c > 0 && zone.codes[c] == zone.codes[c - 1]) continue;
                of_code[static_cast<std::size_t>(zone.level)][zone.codes[c]].push_back(adviser);
            }
            cut[j] = far_square_of_chord(limit < HUGE_VAL ? limit : a.range_km[j]);
        }
        shelves_.emplace_back(scorer, steps, kinds, std::move(anywhere), cut);
        shelves_.emplace_back(scorer, steps, kinds, std::move(countrywide), cut);
        for (std::size_t level = 1; level < of_code.size(); ++level) {
            shelf_of_[level].assign(of_code[level].size(), nobody);
            for (std::size_t c = 0; c < of_code[level].size(); ++c) {
                if (of_code[level][c].empty()) continue;
                shelf_of_[level][c] = static_cast<std::uint32_t>(shelves_.size());
                shelves_.emplace_back(scorer, steps, kinds, std::move(of_code[level][c]), cut);
            }
        }
        remember(threads, control);
    }

    [[nodiscard]] const Scorer& scorer() const { return *scorer_; }
    [[nodiscard]] const Steps& steps() const { return *steps_; }
    [[nodiscard]] std::size_t shelves() const { return shelves_.size(); }
    [[nodiscard]] const Shelf& shelf(std::size_t s) const { return shelves_[s]; }

    /// Writes the shelves that serve a place; returns how many.
    std::size_t shelves_at(PlaceId place, std::array<std::uint32_t, most_shelves>& out) const {
        const auto& territory =
            scorer_->market().geography.territory[scorer_->market().places[place].commune];
        std::size_t count = 0;
        for (const std::uint32_t s : {0U, 1U}) {
            if (shelves_[s].size() > 0) out[count++] = s;
        }
        for (std::size_t level = 1; level < shelf_of_.size(); ++level) {
            const std::uint32_t s = shelf_of_[level][territory[level]];
            if (s != nobody) out[count++] = s;
        }
        return count;
    }
    /// Calls near(position, common part) for the advisers that are near the place; positions
    /// count the advisers of shelves_at(place) one shelf after another, padding included.
    template <class Near>
    void meet(PlaceId place, const Near& near) const {
        if (place + 1 < begin_.size()) {
            for (std::size_t k = begin_[place]; k < begin_[place + 1]; ++k)
                near(position_[k], common_[k]);
            return;
        }
        std::array<std::uint32_t, most_shelves> at{};
        const std::size_t count = shelves_at(place, at);
        std::size_t first = 0;
        for (std::size_t s = 0; s < count; ++s) {
            const Shelf& shelf = shelves_[at[s]];
            shelf.meet(*scorer_, place,
                       [&](std::size_t a, double common) { near(first + a, common); });
            first += shelf.blocks() * block_advisers;
        }
    }

  private:
    /// Who is near each place, as long as that takes little memory and nobody stops it; the rest is
    /// found when it is asked for.
    void remember(unsigned threads, const Control* control) {
        constexpr std::size_t chunk = 256, most = 100'000'000;
        const std::size_t places = scorer_->market().places.size();
        struct Part {
            std::vector<std::uint32_t> count, position;
            std::vector<double> common;
        };
        std::vector<Part> parts((places + chunk - 1) / chunk);
        std::atomic<std::size_t> all{0};
        parallel_chunks(places, chunk, threads, [&](std::size_t begin, std::size_t end) {
            Part& part = parts[begin / chunk];
            for (std::size_t p = begin; p < end && all < most; ++p) {
                if (control != nullptr && control->stop()) return;
                const std::size_t before = part.position.size();
                meet(PlaceId(p), [&](std::size_t position, double common) {
                    part.position.push_back(static_cast<std::uint32_t>(position));
                    part.common.push_back(common);
                });
                part.count.push_back(static_cast<std::uint32_t>(part.position.size() - before));
                all += part.count.back();
            }
        });
        begin_.push_back(0);
        position_.reserve(all);
        common_.reserve(all);
        for (Part& part : parts) {
            position_.insert(position_.end(), part.position.begin(), part.position.end());
            common_.insert(common_.end(), part.common.begin(), part.common.end());
            for (const std::uint32_t c : part.count) begin_.push_back(begin_.back() + c);
            if (part.count.size() < chunk) break;
            part = {};
        }
    }

    static constexpr std::uint32_t nobody = 0xffffffff;
    const Scorer* scorer_;
    const Steps* steps_;
    std::vector<Shelf> shelves_;  ///< remote for all, on the spot for all, then by territory
    std::array<std::vector<std::uint32_t>, 5> shelf_of_;  ///< by level and code
    std::vector<std::size_t> begin_;  ///< of the first places: their part of the next two
    std::vector<std::uint32_t> position_;
    std::vector<double> common_;
};

/// All shelves at given prices, as places that are far from everybody see them.
struct PricedServing {
    const Serving* serving;
    std::span<const double> prices;
    double low = 0;                                 ///< no price is lower, nor 0
    std::vector<std::vector<std::int16_t>> offset;  ///< per shelf and adviser, in steps

    PricedServing(const Serving& of, std::span<const double> at) : serving(&of), prices(at) {
        for (const double p : prices) low = std::min(low, p);
        for (std::size_t s = 0; s < of.shelves(); ++s) {
            const Shelf& shelf = of.shelf(s);
            auto& steps = offset.emplace_back(shelf.blocks() * block_advisers, excluded_net + 1);
            for (std::size_t a = 0; a < shelf.size(); ++a)
                steps[a] = of.steps().offset(shelf.far(a) - prices[shelf.adviser(a)], low);
        }
    }
};

/// The advisers that serve one place after another, at given prices.
class PlaceView {
  public:
    struct Part {
        const Shelf* shelf = nullptr;
        std::size_t first = 0;  ///< position of its first adviser
        NetBlocks blocks;       ///< but for the masks of firms
    };

    explicit PlaceView(const PricedServing& priced) : priced_(&priced) {}

    void come_to(PlaceId place) {
        const Serving& serving = *priced_->serving;
        std::array<std::uint32_t, Serving::most_shelves> at{};
        count_ = serving.shelves_at(place, at);
        size_ = 0;
        for (std::size_t s = 0; s < count_; ++s) {
            parts_[s].shelf = &serving.shelf(at[s]);
            parts_[s].first = size_;
            size_ += parts_[s].shelf->blocks() * block_advisers;
        }
        if (common_.size() < size_) common_.resize(size_);
        offset_.resize(size_);
        open_.resize(size_ / block_advisers);
        near_.assign(size_ / block_advisers, 0);
        for (std::size_t s = 0; s < count_; ++s) {
            const Part& part = parts_[s];
            const auto& far = priced_->offset[at[s]];
            std::copy(far.begin(), far.end(),
                      offset_.begin() + static_cast<std::ptrdiff_t>(part.first));
            std::copy_n(part.shelf->open(), part.shelf->blocks(),
                        open_.begin() + static_cast<std::ptrdiff_t>(part.first / block_advisers));
            parts_[s].blocks = {part.shelf->blocks(),
                                part.shelf->skill(),
                                offset_.data() + part.first,
                                {open_.data() + part.first / block_advisers}};
        }
        serving.meet(place, [&](std::size_t position, double common) {
            const std::uint32_t bit = std::uint32_t{1} << (position % block_advisers);
            common_[position] = common;
            near_[position / block_advisers] |= bit;
            open_[position / block_advisers] |= bit;
        });
        std::size_t s = 0;
        for (std::size_t b = 0; b < near_.size(); ++b) {
            while (s + 1 < count_ && b * block_advisers >= parts_[s + 1].first) ++s;
            for (std::uint32_t bits = near_[b]; bits != 0; bits &= bits - 1) {
                const std::size_t position =
                    b * block_advisers + static_cast<std::size_t>(std::countr_zero(bits));
                const AdviserId j = parts_[s].shelf->adviser(position - parts_[s].first);
                offset_[position] =
                    serving.steps().offset(common_[position] - priced_->prices[j], priced_->low);
            }
        }
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::span<const Part> parts() const { return std::span(parts_).first(count_); }
    [[nodiscard]] double common(const Part& part, std::size_t position) const {
        return (near_[position / block_advisers] >> (position % block_advisers) & 1U) != 0
                   ? common_[position]
                   : part.shelf->far(position - part.first);
    }
    [[nodiscard]] double low() const { return priced_->low; }
    [[nodiscard]] double price(AdviserId j) const { return priced_->prices[j]; }

  private:
    const PricedServing* priced_;
    std::array<Part, Serving::most_shelves> parts_;
    std::size_t count_ = 0, size_ = 0;
    std::vector<std::int16_t> offset_;
    std::vector<std::uint32_t> open_, near_;  ///< bits
    std::vector<double> common_;              ///< of those near
};

}  // namespace libmatch::detail
