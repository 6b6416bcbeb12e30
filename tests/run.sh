#!/bin/bash
# run.sh all|contract|system|architecture|budget|soak: runs test projects and adds up their counts.
# Each project is an xunit v3 program of its own; the last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.."
export RUNTIME=${RUNTIME:-$PWD/out/bin/berth-runtime} DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
unit=$(ls -d tests/unit/*/)
case ${1:-all} in
  all) projects="$unit $(ls -d tests/architecture/*/ tests/budget/*/ tests/contract/*/ tests/system/*/ 2>/dev/null)" ;;
  unit) projects=$unit ;;
  soak) projects="tests/system/Soak/ tests/system/Crash/ tests/system/Images/ tests/system/Network/ tests/system/Engine/ tests/unit/Berth.Oci.Tests/ tests/unit/Berth.Linux.Tests/ tests/unit/Berth.Rpc.Tests/ tests/unit/Berth.Shim.Tests/ tests/unit/Berth.Images.Tests/ tests/unit/Berth.Store.Tests/ tests/unit/Berth.Distribution.Tests/ tests/unit/Berth.Network.Tests/" ;;
  *) projects=$(ls -d tests/"$1"/*/) ;;
esac
mkdir -p out/tests
passed=0 failed=0 skipped=0
for project in $projects; do
  [ -n "$(ls "$project"*.csproj 2>/dev/null)" ] || continue
  name=$(basename "$project"); log=out/tests/$name.log
  printf '== %s\n' "$name"
  if ! dotnet build "$project" -v q > "$log" 2>&1; then
    tail -20 "$log"; failed=$((failed + 1)); echo "   does not build"; continue
  fi
  timeout 1500 dotnet run --no-build --project "$project" -- --no-progress --no-ansi > "$log" 2>&1 < /dev/null
  status=$?
  count() { sed -n "s/^ *$1: *\([0-9]*\).*/\1/p" "$log" | tail -1; }
  p=$(count succeeded) f=$(count failed) s=$(count skipped)
  passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
  printf '   %s passed, %s failed, %s skipped\n' "${p:-0}" "${f:-0}" "${s:-0}"
  grep -A6 '^failed ' "$log" | head -80
  # A runner that dies, or finds no test, has failed although it counted nothing.
  if [ $status -ne 0 ] && [ "${f:-0}" = 0 ] || [ -z "$p" ]; then failed=$((failed + 1)); tail -5 "$log"; fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
