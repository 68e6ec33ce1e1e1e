using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Training;

namespace IlqrVae.Runs.Sessions;

/// <summary>Where learning starts: from the parameters of another run, with read-outs that mean the same in every session.</summary>
internal static class TrainingStart
{
    /// <summary>Brings a fresh model to where learning starts.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="configuration">The completed configuration.</param>
    /// <param name="run">The run to start from, resolved; empty for none.</param>
    /// <param name="recording">The recording to learn from.</param>
    /// <param name="model">The model, which changes.</param>
    /// <returns>What was done, a sentence each.</returns>
    /// <exception cref="InputException">The run's parts are not those of the model.</exception>
    public static IReadOnlyList<string> Apply<T>(RunConfiguration configuration, string run, Recording recording, VariationalModel<T> model)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (run.Length > 0)
        {
            return TakeOver(configuration, run, recording, model);
        }

        var aligned = configuration.Alignment == ReadoutAlignment.None ? [] : BehaviouralAlignment.Apply(recording, model.Generative);
        if (aligned.Count == 0 && configuration.Alignment == ReadoutAlignment.Behaviour)
        {
            throw new InputException("training: alignment is 'behaviour', which takes groups of several sessions, such as 'spikes@monday', and a group of values that trials of two sessions or more have; join the sessions with --shared, or leave it out.");
        }

        model.Generative.Refresh();
        return aligned.Count == 0 ? [] : [$"first read-outs of {string.Join(", ", aligned.Select(group => $"'{group}'"))} aligned by shared behaviour"];
    }

    private static List<string> TakeOver<T>(RunConfiguration configuration, string run, Recording recording, VariationalModel<T> model)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var path = RunFolder.ModelOf(run);
        var (description, raw, _) = ModelFile.Read(path);
        RequireLike(configuration, description, recording, path);
        var source = ModelFile.Build<T>(path, description, raw);
        foreach (var (to, from) in model.Generative.Dynamics.Parameters.Zip(source.Generative.Dynamics.Parameters)
            .Concat(model.Generative.InitialPrior.Parameters.Zip(source.Generative.InitialPrior.Parameters))
            .Concat(model.Generative.InputPrior.Parameters.Zip(source.Generative.InputPrior.Parameters))
            .Append((model.Posterior.Initial, source.Posterior.Initial))
            .Append((model.Posterior.Space, source.Posterior.Space)))
        {
            Copy(from, to);
        }

        CopyTime(source.Posterior.Time, model.Posterior.Time, FrozenParts.Of(model, configuration.Training.Freeze).Contains(model.Posterior.Time), path);
        var (taken, fresh) = (new List<string>(), new List<string>());
        foreach (var likelihood in model.Generative.Likelihoods)
        {
            var g = source.Generative.Likelihoods.ToList().FindIndex(one => one.Group == likelihood.Group);
            if (g < 0)
            {
                fresh.Add(likelihood.Group);
                continue;
            }

            RequireSame(recording.Groups[recording.IndexOfGroup(likelihood.Group)], description.Groups[g], likelihood, source.Generative.Likelihoods[g], path);
            foreach (var (to, from) in likelihood.Parameters.Zip(source.Generative.Likelihoods[g].Parameters))
            {
                Copy(from, to);
            }

            taken.Add(likelihood.Group);
        }

        model.Generative.Refresh();
        return [$"started from {path}: dynamics, priors, posterior covariance and the read-outs of [{string.Join(", ", taken)}]; fresh read-outs of [{string.Join(", ", fresh)}]"];
    }

    /// <summary>The same raw numbers where they mean the same value, which they do unless the unit of a channel is another; else the same value.</summary>
    private static void Copy<T>(Parameter<T> from, Parameter<T> to)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        from.Raw.CopyTo(to.Raw, 0);
        to.Refresh();
        if (!to.ExactValue.SequenceEqual(from.ExactValue))
        {
            to.Set(from.ExactValue);
        }
    }

    /// <summary>The leading block is the covariance of shorter trials; of longer ones that run knows nothing.</summary>
    private static void CopyTime<T>(Parameter<T> from, Parameter<T> to, bool isFrozen, string path)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (to.Rows == from.Rows)
        {
            Copy(from, to);
        }
        else if (to.Rows < from.Rows)
        {
            var block = new double[to.Rows * to.Columns];
            for (var row = 0; row < to.Rows; row++)
            {
                from.ExactValue.Slice(row * from.Columns, to.Columns).CopyTo(block.AsSpan(row * to.Columns));
            }

            to.Set(block);
        }
        else if (isFrozen)
        {
            throw new InputException($"training: the posterior cannot be frozen, since {path} knows trials of {from.Rows + 1} bins at most and there are some of {to.Rows + 1}; leave 'posterior' out of freeze, or cut trials.");
        }
    }

    private static void RequireLike(RunConfiguration configuration, ModelDescription source, Recording recording, string path)
    {
        var (model, other) = (configuration.Model, source.Configuration.Model);
        if (model.States != other.States || model.Inputs != other.Inputs)
        {
            throw new InputException($"{path}: the run has {other.States} states and {other.Inputs} inputs where the configuration has {model.States} and {model.Inputs}; make them alike to start from it.");
        }

        RequireSettings("dynamics", ModelSections.Write(model.Dynamics, configuration.Kinds), ModelSections.Write(other.Dynamics, source.Configuration.Kinds), path);
        RequireSettings("prior", ModelSections.Write(model.Prior, configuration.Kinds), ModelSections.Write(other.Prior, source.Configuration.Kinds), path);
        if (Math.Abs(recording.BinWidth - source.BinWidth) > 1e-6 * source.BinWidth)
        {
            throw new InputException($"{path}: the run was trained on bins of {source.BinWidth} s where the data have {recording.BinWidth} s; bin the data anew to start from it.");
        }

        if (!recording.ExternalNames.SequenceEqual(source.ExternalNames, StringComparer.Ordinal))
        {
            throw new InputException(
                $"{path}: the run takes the external inputs [{string.Join(", ", source.ExternalNames)}] where the data have [{string.Join(", ", recording.ExternalNames)}]; use data with the same ones to start from it.");
        }
    }

    private static void RequireSettings(string part, IEnumerable<(string Key, string Value)> wanted, IEnumerable<(string Key, string Value)> found, string path)
    {
        var there = found.ToDictionary(one => one.Key, one => one.Value, StringComparer.Ordinal);
        foreach (var (key, value) in wanted.Where(one => there.GetValueOrDefault(one.Key) != one.Value))
        {
            throw new InputException($"{path}: the run has '{key}: {there.GetValueOrDefault(key)}' in its {part} where the configuration has '{key}: {value}'; make them alike to start from it.");
        }
    }

    private static void RequireSame<T>(ChannelGroup group, ChannelGroup known, Likelihood<T> likelihood, Likelihood<T> source, string path)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var difference = group.Channels != known.Channels ? $"{known.Channels} channels there and {group.Channels} here"
            : group.ChannelNames is { } names && known.ChannelNames is { } knownNames && !names.SequenceEqual(knownNames, StringComparer.Ordinal) ? "other channels or another order of them"
            : likelihood.Kind != source.Kind || likelihood.Parameters.Count != source.Parameters.Count ? $"the likelihood '{source.Kind}' there and '{likelihood.Kind}' here, or other settings of it"
            : group.Unit != known.Unit ? $"the unit '{known.Unit}' there and '{group.Unit}' here"
            : null;
        if (difference is not null)
        {
            throw new InputException($"{path}: group '{group.Name}' has {difference}; if they are not the same channels, call the group otherwise to start from this run.");
        }
    }
}
