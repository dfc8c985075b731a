# Files, computing and single operations on a host and in its guest: whole runs, compared, each figure of a file with
# the way of its bytes through the guest and through its host, and cold on both sides.
. "$(dirname "$0")/lib.sh"
need_guests
patience=110 # for each run, of which emulation on a machine with other work takes most
head='tare: 1
name: laps
start: {tolerance: 5s}
repeats: 1
nodes:
  host: {role: host}'
cat >"$scratch/scenario.yaml" <<END
$head
  guest: {role: guest, on: host, built_in: {memory: 256MiB, disk: 96MiB}}
steps:
  - {name: files, run: file_io, file: 256KiB, record: 16KiB, length: 1ms, on: [host, guest]}
  - {name: direct, run: file_io, method: read, file: 1MiB, record: 64KiB, mode: direct, length: 0s, on: [guest]}
  - {name: cold, run: file_io, method: read, file: 1MiB, record: 64KiB, cache: cold, length: 10ms, on: [host, guest]}
  - {name: idea, run: cpu, test: idea, length: 10ms, runs_least: 2, runs_most: 3, on: [host, guest]}
  - {name: calls, run: micro, length: 10ms, on: [host, guest]}
END
run 0 --lab "$scratch/scenario.yaml"
# On a machine with other work an agent may be too late to be armed: then the trial is tried again.
want '.status == "complete" and ([.trials[] | select(.partial | not)] | length) == 9'
of() { printf '([.trials[] | select(.step == "%s" and (.partial | not)) | .streams[] | select(.node == "%s")][0])' "$1" "$2"; }
# The guest's own disk, as it sees it and as its host opens it, with the file system and device under it.
want "$(of direct guest) | .figures.read.path | startswith(\"O_DIRECT; ext4 (rw\") and
    contains(\" on vda (virtio\") and contains(\" | raw, cache=none, io=native | \") and (split(\" | \") | length) == 3"
want "$(of files guest) | .figures.read.path | startswith(\"cached; ext4 (rw\")"
want "$(of files host) | .figures.read.path | startswith(\"cached; \") and (contains(\" | \") | not)"
want '[.trials[] | select(.step == "cold" and (.partial | not)) | .streams[].figures.read.path | startswith("page cache, 0 % in it before")] == [true, true]'
# What the place can give was measured beside it, and what limits a figure is judged by it.
want "$(of direct guest) | .figures.device_read_ceiling.value > 0 and .figures.cache_write_ceiling.value > 0"
# Every lap is kept as it came.
want "$(of files guest) | .laps | map(select(.test == \"stride_read\")) | length == 1 and .[0].counters.bytes >= 262144"
want "$(of idea guest) | .laps | length >= 2 and all(.test == \"idea\" and .counters.amount > 0)"
# Each figure is compared, and what they are together.
compared() { printf '([.comparisons[] | select(.step == "%s" and .figure == "%s")][0])' "$1" "$2"; }
for figure in write rewrite read random_read fwrite pread reads writes; do
    want "$(compared files $figure) | .ratio > 0 and .unit == \"B/s\" and .better == \"higher\" and .blocks == 1"
done
want "$(compared files reads) | .headline and .limited_by != \"device\""
want "$(compared idea idea) | .ratio > 0 and .headline and .limited_by != \"peer\""
want "$(compared calls syscall_p50) | .ratio > 0 and .better == \"lower\" and .unit == \"s\""
want "$(compared calls operations) | .ratio > 0 and .headline"
nothing_of_guests_left

# A host that opens the disk through its own memory: what the guest calls direct is not, and a cold pass is one alone.
cat >"$scratch/scenario.yaml" <<END
$head
  guest: {role: guest, on: host, built_in: {memory: 256MiB, disk: 64MiB, disk_cache: writeback}}
steps:
  - {name: direct, run: file_io, method: read, file: 1MiB, record: 64KiB, mode: direct, length: 0s, on: [guest]}
  - {name: once, run: file_io, method: read, file: 1MiB, record: 64KiB, cache: cold, length: 0s, on: [guest]}
  - {name: often, run: file_io, method: read, file: 1MiB, record: 64KiB, cache: cold, length: 10ms, on: [guest]}
END
run 5 --lab "$scratch/scenario.yaml"
want '[.trials[] | select(.partial | not) | .step] == ["direct", "once"]'
want "$(of direct guest) | .figures.read.path | startswith(\"O_DIRECT, cached by its host; \") and contains(\"cache=writeback, io=threads\")"
want '.trials[-1].why | contains("host opens guest'"'"'s disk through its memory, so a single pass is cold")'
nothing_of_guests_left
