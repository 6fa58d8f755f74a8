// Trust in an adviser, from evidence.
//
// Problem: few outcomes are known per adviser; a mean would trust one lucky success fully.
// Method: the lower bound of the Beta posterior of the success rate: the quantile at level 1 -
// confidence of Beta(prior successes + successes, prior failures + failures), plus a bonus for
// holders of a label, at most 1. Source: A. Jøsang, R. Ismail, "The Beta reputation system", Bled
// eConference 2002.
#pragma once

#include <algorithm>

#include <boost/math/special_functions/beta.hpp>

#include <libmatch/model/market.hpp>

namespace libmatch {

/// In [0, 1]. `labelled`: the adviser holds at least one label.
[[nodiscard]] inline double trust(double successes, double failures, bool labelled,
                                  const Settings& s) {
    const double lower =
        boost::math::ibeta_inv(s.trust_prior_successes + successes,
                               s.trust_prior_failures + failures, 1 - s.trust_confidence);
    return std::min(1.0, lower + (labelled ? s.trust_label_bonus : 0.0));
}

}  // namespace libmatch
