// SPDX-License-Identifier: MIT
#pragma once

/// All of kin but the drivers and the value types that need a library of their own: add <kin/sqlite.hpp> and, for
/// JSON members, <kin/types/json.hpp>, and to write and read entities as JSON, <kin/serialize.hpp>.
#include <kin/arithmetic.hpp>
#include <kin/assign_options.hpp>
#include <kin/clock.hpp>
#include <kin/collection.hpp>
#include <kin/condition.hpp>
#include <kin/connection_setup.hpp>
#include <kin/entity.hpp>
#include <kin/entity_manager.hpp>
#include <kin/error.hpp>
#include <kin/event.hpp>
#include <kin/events.hpp>
#include <kin/field.hpp>
#include <kin/find.hpp>
#include <kin/log.hpp>
#include <kin/naming_strategy.hpp>
#include <kin/native_update.hpp>
#include <kin/on_conflict.hpp>
#include <kin/options.hpp>
#include <kin/orm.hpp>
#include <kin/query_builder.hpp>
#include <kin/reference.hpp>
#include <kin/repository.hpp>
#include <kin/rows.hpp>
#include <kin/schema.hpp>
#include <kin/task.hpp>
#include <kin/transaction.hpp>
#include <kin/types/blob.hpp>
#include <kin/types/custom.hpp>
#include <kin/types/decimal.hpp>
#include <kin/types/enum.hpp>
#include <kin/types/interval.hpp>
#include <kin/types/uuid.hpp>
#include <kin/unit_of_work.hpp>
