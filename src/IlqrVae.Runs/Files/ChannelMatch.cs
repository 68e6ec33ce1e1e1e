using IlqrVae.Recordings;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Runs.Files;

/// <summary>
/// Puts a recording into the order of the channels and external inputs that a model has learned, by their names: the same neurons in another order are
/// the same neurons, and others of the same number are not.
/// </summary>
/// <param name="Recording">The recording in the model's order; the one given where nothing had to move.</param>
/// <param name="Remarks">What was done that the user should know, a sentence each.</param>
public sealed record ChannelMatch(Recording Recording, IReadOnlyList<string> Remarks)
{
    private const int MostNamed = 3;

    /// <summary>Matches a recording.</summary>
    /// <param name="description">The model.</param>
    /// <param name="recording">A recording with as many channels and external inputs (<see cref="ModelDescription.RequireFit"/>).</param>
    /// <param name="byPosition">Whether to take everything in the order of the recording, whatever the names and units.</param>
    /// <param name="where">What to call the recording in messages.</param>
    /// <exception cref="InputException">The names are those of other channels, or a unit is another.</exception>
    public static ChannelMatch Of(ModelDescription description, Recording recording, bool byPosition, string where)
    {
        if (byPosition)
        {
            return new ChannelMatch(recording, []);
        }

        var remarks = new List<string>();
        int[]?[] orders = [.. Enumerable.Range(0, description.Groups.Count).Select(OrderOf)];
        var external = Order("the external inputs", NamesOrNull(description.ExternalNames), NamesOrNull(recording.ExternalNames), where, remarks);
        return new ChannelMatch(Array.TrueForAll(orders, order => order is null) && external is null ? recording : Reordered(description, recording, orders, external), remarks);

        int[]? OrderOf(int g)
        {
            var (expected, index) = (description.Groups[g], recording.IndexOfGroup(description.Groups[g].Name));
            if (index < 0)
            {
                return null;
            }

            var found = recording.Groups[index];
            return found.Unit == expected.Unit || found.Unit.Length == 0 || expected.Unit.Length == 0
                ? Order($"the channels of group '{expected.Name}'", expected.ChannelNames, found.ChannelNames, where, remarks)
                : throw new InputException(
                    $"{where}: group '{found.Name}' is in {found.Unit} where the model was trained on {expected.Unit}; convert the values, or take them as they are with --by-position.");
        }
    }

    /// <summary>How two lists of names differ, a few of them named: what is missing and what is new.</summary>
    /// <param name="expected">The names the model has learned.</param>
    /// <param name="found">The names there are.</param>
    public static string Difference(IReadOnlyList<string> expected, IReadOnlyList<string> found)
    {
        var (missing, added) = (expected.Except(found, StringComparer.Ordinal).ToList(), found.Except(expected, StringComparer.Ordinal).ToList());
        return string.Join(" and ", new[] { Some(missing, missing.Count == 1 ? "is missing" : "are missing"), Some(added, added.Count == 1 ? "is new" : "are new") }.Where(part => part.Length > 0));

        static string Some(List<string> names, string what) => names.Count == 0
            ? ""
            : $"{string.Join(", ", names.Take(MostNamed).Select(name => $"'{name}'"))}{(names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "")} {what}";
    }

    /// <summary>For each name of the model where it is in the recording; null where the order is the same already or there are no names to go by.</summary>
    private static int[]? Order(string what, IReadOnlyList<string>? expected, IReadOnlyList<string>? found, string where, List<string> remarks)
    {
        if (expected is null || found is null)
        {
            if (expected is not null || found is not null)
            {
                remarks.Add($"{where}: {what} have names {(expected is null ? "that the model does not know" : "in the model and not here")}; they were taken in the order of the file.");
            }

            return null;
        }

        if (expected.SequenceEqual(found, StringComparer.Ordinal))
        {
            return null;
        }

        if (found.Distinct(StringComparer.Ordinal).Count() < found.Count || expected.Distinct(StringComparer.Ordinal).Count() < expected.Count)
        {
            throw new InputException($"{where}: the names of {what} differ from those the model was trained on, and some are there twice; name each once, or match them by their order with --by-position.");
        }

        if (Difference(expected, found) is { Length: > 0 } difference)
        {
            throw new InputException($"{where}: {what} are not those the model was trained on: {difference}; use data of the same ones, or match them by their order with --by-position.");
        }

        remarks.Add($"{where}: {what} are in another order than the model's; they were put in order by their names.");
        var places = found.Select((name, place) => (name, place)).ToDictionary(pair => pair.name, pair => pair.place, StringComparer.Ordinal);
        return [.. expected.Select(name => places[name])];
    }

    /// <summary>External inputs of a file without names are numbered, which is no name to go by.</summary>
    private static IReadOnlyList<string>? NamesOrNull(IReadOnlyList<string> names)
        => names.Select((name, i) => name == $"external-{i}").All(isNumbered => isNumbered) ? null : names;

    private static Recording Reordered(ModelDescription description, Recording recording, int[]?[] orders, int[]? external)
    {
        var groups = recording.Groups.ToArray();
        var byGroup = new Dictionary<int, int[]>();
        for (var g = 0; g < orders.Length; g++)
        {
            if (orders[g] is { } order)
            {
                var index = recording.IndexOfGroup(description.Groups[g].Name);
                byGroup[index] = order;
                groups[index] = groups[index] with { ChannelNames = description.Groups[g].ChannelNames };
            }
        }

        return new Recording
        {
            BinWidth = recording.BinWidth,
            Source = recording.Source,
            Groups = groups,
            ExternalNames = external is null ? recording.ExternalNames : description.ExternalNames,
            Trials =
            [
                .. recording.Trials.Select(trial => trial with
                {
                    Observations = [.. trial.Observations.Select((one, g) => byGroup.TryGetValue(g, out var order) ? one.SelectChannels(order) : one)],
                    External = external is null ? trial.External : trial.External?.SelectColumns(external),
                    Truth = Truth(description, trial, orders),
                }),
            ],
        };
    }

    /// <summary>True rates and noise-free values follow their channels.</summary>
    private static Dictionary<string, Table> Truth(ModelDescription description, Trial trial, int[]?[] orders)
    {
        var truth = new Dictionary<string, Table>(trial.Truth, StringComparer.Ordinal);
        for (var g = 0; g < orders.Length; g++)
        {
            if (orders[g] is { } order && TruthTables.NameOf(description, trial, g) is { } name)
            {
                truth[name] = trial.Truth[name].SelectColumns(order);
            }
        }

        return truth;
    }
}
