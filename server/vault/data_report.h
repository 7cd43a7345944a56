// What `data import` tells the operator, and which part of it is public.
#pragma once

#include <string>

#include "server/core/log/entries.h"
#include "server/dataset/import_spec.h"
#include "server/dataset/importer.h"

namespace pinhole::vault {

// Lines of text for the operator's own screen. Holds what was measured on private rows (nulls,
// shares, overlap, baselines): nothing of it may be passed on but what it calls public.
std::string DataReport(const dataset::ImportSpec& spec, const dataset::ImportResult& result,
                       const log::DatasetEntry& entry);

}  // namespace pinhole::vault
