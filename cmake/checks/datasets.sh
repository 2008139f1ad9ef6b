#!/bin/sh
# The arrays of a data set (images, labels, patch sums) are parallel. Cutting one by hand leaves the
# others behind, so only core/data names them; all other code uses views (core/data/split.h) and
# batches (core/data/batch.h).
# usage: datasets.sh
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0
# The arrays' names, and offsets from an array's beginning.
for pattern in '\bowner\.(images|labels|patch_sums)\b' 'struct c4_image_arrays \*' \
	'c4_dataset_(images|labels|patch_sums)\([^()]*\) *\+'; do
	if grep -rnE "$pattern" --include='*.[ch]' --include='*.cc' core simd bench repro | grep -v '^core/data/'; then
		echo "FAILED: a data set's array is moved by hand; use c4_dataset_view(), c4_batch_in_place() or c4_batch_gather()"
		status=1
	fi
done
# Everything specific to a set is in the table of sets: no other code checks which set it has.
if grep -rnE '\b(str(n?cmp|str)|c4_arg_includes)\([^;]*"(cifar|svhn|synthetic|substitute|digits|objects)' \
	--include='*.[ch]' core simd bench repro; then
	echo "FAILED: a data set is recognised by its name; take what is particular to it from core/data/sets.h"
	status=1
fi
exit $status
