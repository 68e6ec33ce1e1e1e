using PureHDF;

namespace IlqrVae.Data.Tests;

/// <summary>
/// Small files in the layouts of the FALCON benchmark's five sets, as its own converters and loaders have them (snel-repo/falcon-challenge, preproc/ and falcon_challenge/dataloaders.py). Samples come every 20 ms; unit u
/// has a spike at every (u + 3) * 37 ms from .013 s on.
/// </summary>
internal static class FalconFiles
{
    public const double Step = 0.02;

    /// <summary>H1: threshold crossings without obs_intervals, no trials but a series of their numbers and a table of epochs, and clocks whose rate is the seconds of a sample.</summary>
    public static string H1(string path, int samples = 1500, string start = "1925-01-01")
    {
        var builder = Start("HumanPitt", start);
        builder.Units([0, 1, 2, 3, 4], Spikes(5, samples * Step), Array.Empty<uint>());
        builder.Series("acquisition/OpenLoopKinematics", Kinematics(samples, 7, 0), 7, rate: Step, unit: "arbitrary");
        builder.Series("acquisition/OpenLoopKinematicsVelocity", Kinematics(samples, 7, 1), 7, rate: Step, unit: "arbitrary");
        builder.Series("acquisition/TrialNum", Enumerable.Range(0, samples).Select(i => 1.0 + (i / 300)).ToArray(), rate: Step, unit: "arbitrary");
        builder.Series("acquisition/eval_mask", Mask(samples), rate: Step, unit: "bool");
        var epochs = builder.Intervals("epochs", [0, 6, 12, 18], [6, 12, 18, 30]);
        epochs.Attributes["colnames"] = new[] { "start_time", "stop_time", "tags" };
        epochs["tags"] = new[] { "Presentation", "Reach", "Presentation", "Grasp" };
        epochs["tags_index"] = new byte[] { 1, 2, 3, 4 };
        return builder.Save(path);
    }

    /// <summary>M1: EMG of muscles as series of one channel each, with times of their own, in a container; trials with events.</summary>
    public static string M1(string path, int samples = 1500)
    {
        var builder = Start("L_20120924", "2012-09-24");
        builder.Units([0, 1, 2, 3], Spikes(4, samples * Step), Array.Empty<uint>());
        double[] all = [0, samples * Step];
        builder.Observed(all, all, all, all);
        var times = Times(samples, 0);
        string[] muscles = ["APL", "BCPs", "Thenar"];
        for (var m = 0; m < muscles.Length; m++)
        {
            var muscle = m;
            builder.Series($"acquisition/preprocessed_emg/{muscles[m]}", Enumerable.Range(0, samples).Select(i => Value(i, muscle, 0)).ToArray(), times: times, unit: "mV");
        }

        builder.Group("acquisition/preprocessed_emg").Attributes["neurodata_type"] = "BehavioralTimeSeries";
        builder.Series("acquisition/eval_mask", Mask(samples), times: times, unit: "bool");
        double[] starts = [.. Enumerable.Range(0, 8).Select(k => 1.0 + (3 * k))];
        builder.Trials(starts, [.. starts.Select(one => one + 2.5)], ("gocue_time", starts.Select(one => one + 1).ToArray()), ("move_onset_time", starts.Select(one => one + 1.203).ToArray()), ("contact_time", starts.Select(one => one + 1.6).ToArray()),
            ("reward_time", starts.Select(one => one + 2).ToArray()), ("result", starts.Select(_ => "R").ToArray()), ("number", starts.Select((_, k) => (ushort)(k + 5)).ToArray()), ("tgt_loc", starts.Select((_, k) => 22.5 * (k % 4)).ToArray()),
            ("tgt_obj", starts.Select((_, k) => k % 2 == 0 ? "Sphere" : "Button").ToArray()), ("obj_id", starts.Select((_, k) => (long)(k % 2)).ToArray()), ("condition_id", starts.Select((_, k) => (long)(k % 4)).ToArray()));
        return builder.Save(path);
    }

    /// <summary>M2: fingers as M1's muscles, at the end of each bin of 20 ms; targets are two numbers a trial; two runs a day.</summary>
    public static string M2(string path, int samples = 1000, string day = "2020-10-19")
    {
        var builder = Start("MonkeyN", day);
        builder.Units([0, 1, 2], Spikes(3, samples * Step), Array.Empty<uint>());
        double[] all = [0, samples * Step];
        builder.Observed(all, all, all);
        var times = Times(samples, 0.019);
        foreach (var (name, kind) in new[] { ("finger_pos", 0), ("finger_vel", 1) })
        {
            builder.Series($"acquisition/{name}/index", Enumerable.Range(0, samples).Select(i => Value(i, 0, kind)).ToArray(), times: times, unit: "AU");
            builder.Series($"acquisition/{name}/mrs", Enumerable.Range(0, samples).Select(i => Value(i, 1, kind)).ToArray(), times: times, unit: "AU");
            builder.Group($"acquisition/{name}").Attributes["neurodata_type"] = "BehavioralTimeSeries";
        }

        builder.Series("acquisition/eval_mask", Mask(samples), times: times, unit: "bool");
        double[] starts = [.. Enumerable.Range(0, 10).Select(k => 1.87 * k)];
        builder.Trials(starts, [.. starts.Select(one => one + 1.865)], ("tgt_loc", new H5Dataset(starts.SelectMany((_, k) => new[] { k % 2 == 0 ? 0.25f : 0.75f, k % 5 / 4f }).ToArray(), fileDims: [10, 2])), ("trial_num", starts.Select((_, k) => (long)k + 2).ToArray()));
        return builder.Save(path);
    }

    /// <summary>H2: counts in bins of 20 ms and no spike times; trials with 10 s between them, which stop where their last bin begins; sentences.</summary>
    public static string H2(string path, params int[] bins)
    {
        bins = bins.Length > 0 ? bins : [150, 120, 200, 130, 110, 160, 140, 125, 135, 115];
        var builder = Start("T5_2022.05.18", "2022-05-18");
        var (starts, stops, times, next) = (new List<double>(), new List<double>(), new List<double>(), 0);
        foreach (var length in bins)
        {
            starts.Add(next * Step);
            stops.Add((next + length - 1) * Step);
            times.AddRange(Enumerable.Range(next, length).Select(i => i * Step));
            next += length + 500;
        }

        builder.Trials([.. starts], [.. stops], ("cue", starts.Select((_, k) => k % 2 == 0 ? "see>a>doctor" : "the>royal>navy~").ToArray()), ("block_num", starts.Select((_, k) => (long)(k / 5)).ToArray()));
        builder.Series("acquisition/binned_spikes", Enumerable.Range(0, times.Count * 6).Select(i => (byte)Count(i / 6, i % 6)).ToArray(), 6, times: [.. times], unit: "int");
        builder.Series("acquisition/eval_mask", times.Select(_ => H5Bool.TRUE).ToArray(), times: [.. times], unit: "bool");
        return builder.Save(path);
    }

    /// <summary>B1: crossings as 0 and 1 at the rate of the recording, sound at its own; trials that follow each other on a made clock, with spectrograms as columns.</summary>
    public static string B1(string path, int trials = 4, int samples = 12_000, int rate = 30_000)
    {
        var builder = Start("z_r12r13_21", "2021-06-26");
        double[] times = [.. Enumerable.Range(0, trials * samples).Select(i => i * (1.0 / rate))];
        const int AudioRate = 25_000;
        var audio = samples * AudioRate / rate;
        double[] sound = [.. Enumerable.Range(0, trials * audio).Select(i => i * (1.0 / AudioRate))];
        builder.Trials([.. Enumerable.Range(0, trials).Select(k => times[k * samples])], [.. Enumerable.Range(0, trials).Select(k => times[((k + 1) * samples) - 1])],
            ("spectrogram_times", new H5Dataset(new double[trials * 5], fileDims: [(ulong)trials, 5])), ("spectrogram_frequencies", new H5Dataset(new double[trials * 7], fileDims: [(ulong)trials, 7])),
            ("spectrogram_values", new H5Dataset(new double[trials * 35], fileDims: [(ulong)trials, 7, 5])), ("spectrogram_eval_mask", new H5Dataset(new double[trials * 35], fileDims: [(ulong)trials, 7, 5])));
        builder.Series("acquisition/tx", Enumerable.Range(0, times.Length * 3).Select(i => Crosses(i / 3, i % 3) ? 1.0 : 0).ToArray(), 3, times: times, unit: "int", chunk: 4096);
        builder.Series("acquisition/vocalizations", sound.Select((_, i) => Math.Sin(i / 20.0)).ToArray(), times: sound, unit: "int");
        builder.Series("acquisition/eval_mask_audio", sound.Select((_, i) => i % audio is var at && at >= audio / 4 && at < audio * 3 / 4 ? H5Bool.TRUE : H5Bool.FALSE).ToArray(), times: sound, unit: "bool");
        return builder.Save(path);
    }

    public static double[][] Spikes(int units, double seconds) =>
        [.. Enumerable.Range(0, units).Select(unit => Enumerable.Range(0, (int)(seconds / (0.037 * (unit + 3)))).Select(i => 0.013 + (0.037 * (unit + 3) * i)).Where(time => time < seconds).ToArray())];

    public static double Value(int sample, int channel, int kind) => Math.Sin((sample / 9.0) + channel + kind);

    public static int Count(int sample, int channel) => ((sample * 7) + (channel * 3)) % 11 is var rest && rest < 3 ? rest : 0;

    public static bool Crosses(int sample, int channel) => sample % (311 + (90 * channel)) == 17;

    /// <summary>Whether a sample is scored: 4 of every 6 seconds.</summary>
    public static bool IsScored(int sample) => sample % 300 is >= 50 and < 250;

    private static NwbBuilder Start(string identifier, string day)
    {
        var builder = new NwbBuilder();
        builder.Root["identifier"] = identifier;
        builder.Root["session_start_time"] = $"{day}T11:17:40-05:00";
        return builder;
    }

    private static double[] Times(int samples, double first) => [.. Enumerable.Range(0, samples).Select(i => Math.Round(first + (i * Step), 4))];

    private static double[] Kinematics(int samples, int channels, int kind) => [.. Enumerable.Range(0, samples * channels).Select(i => Value(i / channels, i % channels, kind))];

    private static H5Bool[] Mask(int samples) => [.. Enumerable.Range(0, samples).Select(i => IsScored(i) ? H5Bool.TRUE : H5Bool.FALSE)];
}
