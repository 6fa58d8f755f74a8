// Everything that a user of the library needs: #include <libmatch/libmatch.hpp>.
#pragma once

#include <libmatch/assign/assign.hpp>
#include <libmatch/check/assignment.hpp>
#include <libmatch/check/plan.hpp>
#include <libmatch/check/pooling.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/error.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/model/arrival.hpp>
#include <libmatch/model/build_market.hpp>
#include <libmatch/model/plan_tables.hpp>
#include <libmatch/model/previous.hpp>
#include <libmatch/plan/blocking.hpp>
#include <libmatch/plan/explain.hpp>
#include <libmatch/plan/place.hpp>
#include <libmatch/plan/solve.hpp>
#include <libmatch/pool/pool.hpp>
#include <libmatch/retrieve/hours_source.hpp>
#include <libmatch/retrieve/market_source.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
