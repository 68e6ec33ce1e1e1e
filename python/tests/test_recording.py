import unittest

import numpy as np

import ilqr_vae
from ilqr_vae import InputError, Recording, call_json
from tests.common import BIN_WIDTH, BINS, TRIALS, UNITS, arrays, needs, recording, scratch


class Arrays(unittest.TestCase):
    def test_go_to_the_program_and_come_back_with_the_same_bits_and_axes(self):
        counts, velocity, stimulus = arrays()
        file = recording(external=True).save(scratch("saved.h5"))
        found = Recording.from_dataset(file)
        np.testing.assert_array_equal(found["spikes"].stack(), counts)
        np.testing.assert_array_equal(found["velocity"].stack(), velocity)
        np.testing.assert_array_equal(found.external.stack(), stimulus)
        self.assertEqual(found["spikes"][2].shape, (BINS, UNITS))
        self.assertEqual((found.groups["velocity"].unit, found.groups["velocity"].kind, found.groups["spikes"].kind), ("cm/s", "values", "counts"))
        self.assertEqual(found.bin_width, BIN_WIDTH)

    def test_are_to_the_program_what_they_are_to_us(self):
        counts, _, _ = arrays()
        told = call_json("inspect", recording().file()) if recording().file().suffix == ".h5" else call_json("inspect", recording().save(scratch("told.h5")))
        self.assertEqual((told["trials"], told["bins"], told["shortest_trial"], told["bin_width"]), (TRIALS, TRIALS * BINS, BINS, BIN_WIDTH))
        spikes, velocity = told["groups"]
        self.assertEqual((spikes["name"], spikes["channels"], velocity["name"], velocity["unit"]), ("spikes", UNITS, "velocity", "cm/s"))
        self.assertAlmostEqual(spikes["mean"], counts.mean() / BIN_WIDTH, 6)

    def test_of_unequal_length_keep_it(self):
        counts, _, _ = arrays()
        trials = [trial[: 10 + number] for number, trial in enumerate(counts)]
        found = Recording.from_dataset(Recording.from_arrays(trials, BIN_WIDTH).save(scratch("unequal.h5")))
        self.assertEqual(found.bins.tolist(), [10 + number for number in range(TRIALS)])
        for ours, theirs in zip(trials, found["spikes"]):
            np.testing.assert_array_equal(ours, theirs)
        with self.assertRaisesRegex(InputError, "from 10 to 21 bins"):
            found["spikes"].stack()

    def test_missing_entries_are_missing_to_the_program(self):
        counts, velocity, _ = arrays()
        broken = counts.astype(float)
        broken[1, 3, 2] = np.nan
        mask = np.ones(velocity.shape, bool)
        mask[0, :5] = False
        made = Recording.from_arrays({"spikes": broken, "velocity": velocity}, BIN_WIDTH, observed={"velocity": mask})
        found = Recording.from_dataset(made.save(scratch("missing.h5")))
        self.assertEqual(found.groups["spikes"].kind, "counts")
        self.assertEqual(np.argwhere(found.observed("spikes").stack() == 0).tolist(), [[1, 3, 2]])
        np.testing.assert_array_equal(found.observed("velocity").stack(), mask)

    def test_counts_are_stored_small_and_values_are_told_from_them(self):
        for top, kind in ((255, np.uint8), (256, np.uint16), (70000, np.int32)):
            made = Recording.from_arrays(np.full((2, 3, 1), top), BIN_WIDTH)
            self.assertEqual(made["spikes"].table.dtype, kind)
        self.assertEqual(Recording.from_arrays(np.full((2, 3, 1), 2.5), BIN_WIDTH).groups["spikes"].kind, "values")
        self.assertEqual(Recording.from_arrays(np.full((2, 3, 1), -1), BIN_WIDTH).groups["spikes"].kind, "values")
        self.assertEqual(Recording.from_arrays(np.full((2, 3, 1), 4.0), BIN_WIDTH, kinds={"spikes": "values"}).groups["spikes"].kind, "values")
        with self.assertRaisesRegex(InputError, "no counts"):
            Recording.from_arrays(np.full((2, 3, 1), 0.5), BIN_WIDTH, kinds={"spikes": "counts"})

    def test_fortran_order_makes_no_difference(self):
        counts, _, _ = arrays()
        made = Recording.from_arrays(np.asfortranarray(counts), BIN_WIDTH)
        np.testing.assert_array_equal(Recording.from_dataset(made.save(scratch("fortran.h5")))["spikes"].stack(), counts)

    def test_groups_are_columns(self):
        counts, _, _ = arrays()
        made = Recording.from_arrays(counts, BIN_WIDTH, groups={"spikes": range(0, 5), "held-out": [5, 6]})
        found = Recording.from_dataset(made.save(scratch("groups.h5")))
        np.testing.assert_array_equal(found["held-out"].stack(), counts[:, :, 5:])
        self.assertEqual(list(found.groups), ["spikes", "held-out"])

    def test_what_is_known_of_trials_arrives(self):
        counts, _, _ = arrays()
        made = Recording.from_arrays(
            counts, BIN_WIDTH, names=[f"t{number}" for number in range(TRIALS)], splits=["test"] + ["train"] * (TRIALS - 1), conditions=["left", "right"] * 6,
            labels={"reward": np.arange(TRIALS) / 2}, truth={"rates": counts + 0.5}, sessions=["monday"] * 6 + ["tuesday"] * 6, source="a test",
            channel_names={"spikes": list("abcdefg")})
        found = Recording.from_dataset(made.save(scratch("known.h5")))
        self.assertEqual(found.names[3], "t3")
        self.assertEqual(found.trials_of("test"), [0])
        self.assertEqual(found.labels["reward"].tolist(), (np.arange(TRIALS) / 2).tolist())
        self.assertEqual([trial[0, 0] for trial in found.truth["condition"]], [0.0, 1.0] * 6)
        np.testing.assert_array_equal(found.truth["rates"].stack(), counts + 0.5)
        self.assertEqual(found.groups["spikes"].channel_names, list("abcdefg"))
        self.assertEqual(found.archive["trials/session"].tolist()[5:7], ["monday", "tuesday"])
        self.assertEqual(found.attributes["/"]["source"], "a test")

    def test_usual_splits_are_those_of_import(self):
        for trials in (5, 12, 20, 33):
            plain = scratch(f"plain-{trials}.npz")
            np.savez(plain, spikes=np.ones((trials, 6, 2), np.uint8))
            ours = Recording.from_arrays(np.ones((trials, 6, 2), np.uint8), BIN_WIDTH)
            theirs = Recording.from_file(plain, map="spikes=spikes:trial,bin,channel", bin_width=BIN_WIDTH)
            self.assertEqual(ours.splits, theirs.splits)

    def test_what_does_not_fit_is_refused_in_words(self):
        counts, velocity, _ = arrays()
        for words, make in (
            ("where trials x bins x channels are needed", lambda: Recording.from_arrays(counts[0], BIN_WIDTH)),
            ("trial 0 of 'velocity' has 29 bins where the first group has 30", lambda: Recording.from_arrays({"spikes": counts, "velocity": velocity[:, :-1]}, BIN_WIDTH)),
            ("'velocity' has 11 trials", lambda: Recording.from_arrays({"spikes": counts, "velocity": velocity[1:]}, BIN_WIDTH)),
            ("splits has 1 entries for 12 trials", lambda: Recording.from_arrays(counts, BIN_WIDTH, splits=["train"])),
            ("units: there is no group 'hand'", lambda: Recording.from_arrays(counts, BIN_WIDTH, units={"hand": "m"})),
            ("from 3 to 7 channels", lambda: Recording.from_arrays([counts[0], counts[1, :, :3]], BIN_WIDTH)),
        ):
            with self.assertRaisesRegex(InputError, words):
                make()
        with self.assertRaisesRegex(InputError, "learn|split|train"):
            Recording.from_arrays(counts, BIN_WIDTH, splits=["learn"] * TRIALS).save(scratch("no.h5"))
        self.assertFalse(scratch("no.h5").exists())

    def test_a_file_is_replaced_only_on_request(self):
        for name in ("twice.h5", "twice.npz"):
            Recording.from_arrays(arrays()[0], BIN_WIDTH).save(scratch(name))
            with self.assertRaisesRegex(InputError, "force"):
                Recording.from_arrays(arrays()[0], BIN_WIDTH).save(scratch(name))
            Recording.from_arrays(arrays()[0], BIN_WIDTH).save(scratch(name), force=True)
            self.assertEqual(len(Recording.from_dataset(scratch(name))), TRIALS)

    @needs("h5py")
    def test_h5py_and_the_export_show_the_same(self):
        from ilqr_vae import _archive
        file = recording().save(scratch("both.h5"))
        by_h5py = _archive.Hdf5Archive(file)
        call_json("export", file, output=scratch("both.npz"))
        by_export = _archive.NpzArchive(scratch("both.npz"))
        self.assertEqual(set(by_h5py), set(by_export))
        for name in by_h5py:
            np.testing.assert_array_equal(by_h5py[name], by_export[name])
        self.assertEqual(by_h5py.attributes["channels/spikes/values"], by_export.attributes["channels/spikes/values"])


class SpikeTimes(unittest.TestCase):
    def test_are_counted_in_the_bins_they_fall_into(self):
        rng = np.random.default_rng(2)
        units = [np.sort(rng.uniform(0, 8, 200)) for _ in range(3)]
        trials = {"start_time": [0.5, 2.5, 4.5, 6.0], "stop_time": [1.5, 3.5, 5.5, 7.0], "go": [1.0, 3.0, 5.0, 6.5], "side": ["l", "r", "l", "r"]}
        made = Recording.from_spike_times(units, bin_width=0.1, trials=trials, align="go", window=(-0.2, 0.4), condition="side")
        self.assertEqual((len(made), made["spikes"][0].shape), (4, (6, 3)))
        for number, go in enumerate(trials["go"]):
            for unit, times in enumerate(units):
                counted, _ = np.histogram(times, go - 0.2 + 0.1 * np.arange(7))
                np.testing.assert_array_equal(made["spikes"][number][:, unit], counted)
        self.assertEqual([trial[0, 0] for trial in made.truth["condition"]][:2], [0.0, 1.0])

    def test_units_keep_their_names_and_behaviour_comes_along(self):
        rng = np.random.default_rng(3)
        units = {name: np.sort(rng.uniform(0, 10, count)) for name, count in (("right", 100), ("left", 60), ("silent", 0))}
        at = np.arange(0, 10, 0.01)
        made = Recording.from_spike_times(units, bin_width=0.1, chunk=1, behaviour={"hand": (at, np.stack([at, -2 * at], axis=1))})
        self.assertEqual(made.groups["spikes"].channel_names, ["right", "left", "silent"])
        self.assertEqual(made["spikes"].table.sum(axis=0).tolist(), [100, 60, 0])
        first = made["hand"][0]
        self.assertEqual(first.shape[1], 2)
        np.testing.assert_allclose(np.diff(first[:, 0]), 0.1, atol=1e-6)
        np.testing.assert_allclose(first[:, 1], -2 * first[:, 0], atol=1e-6)

    def test_times_in_ms_are_said_to_be(self):
        units = [np.array([100.0, 900.0, 1500.0, 2500.0])]
        made = Recording.from_spike_times(units, bin_width=0.5, time_unit="ms", trials={"start_time": [0.0, 1000.0], "stop_time": [2000.0, 3000.0]})
        self.assertEqual([trial[:, 0].tolist() for trial in made["spikes"]], [[1, 1, 0, 1], [0, 1, 0, 1]])


class Files(unittest.TestCase):
    def test_options_of_import_are_passed_on_and_its_remarks_kept(self):
        counts, velocity, _ = arrays()
        file = scratch("plain.npz")
        np.savez(file, counts=counts, vel=velocity)
        made = Recording.from_file(file, map={"spikes": "counts:trial,bin,channel", "hand": "vel:trial,bin,channel"}, bin_width=0.05, held_out=2, train_fraction=0.5, validation_every=3)
        self.assertEqual((made.groups["hand"].kind, made.groups["held-out"].channels, made.bin_width), ("values", 2, 0.05))
        self.assertEqual(made.splits.count("test"), 6)
        np.testing.assert_array_equal(made["hand"].stack(), velocity)
        np.savez(file, counts=counts, time=0.05 * np.arange(BINS), condition=np.arange(TRIALS) % 3)
        unsaid = Recording.from_file(file, spikes="counts")
        self.assertTrue(any("counts" in remark for remark in unsaid.remarks), unsaid.remarks)

    def test_wrong_files_and_options_are_input_errors_in_the_words_of_the_program(self):
        with self.assertRaisesRegex(InputError, "there is no such file"):
            Recording.from_file(scratch("nothing.mat"))
        file = scratch("some.npz")
        np.savez(file, counts=arrays()[0])
        with self.assertRaisesRegex(InputError, "there is no option '--bin-widht'?.*; did you mean '--bin-width'"):
            Recording.from_file(file, bin_widht=0.1)
        with self.assertRaisesRegex(InputError, "no NWB file"):
            Recording.from_nwb(file)

    def test_inspect_tells_what_is_in_a_file(self):
        self.assertEqual(ilqr_vae.inspect(recording().save(scratch("look.h5")))["trials"], TRIALS)


if __name__ == "__main__":
    unittest.main()
