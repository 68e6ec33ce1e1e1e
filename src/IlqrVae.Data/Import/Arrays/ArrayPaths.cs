using System.Globalization;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// Finds things in a file by their names: "spikes", "session.rate", "group/counts"; "trial.spikes" for trial(1).spikes, trial(2).spikes and so on; "trial(3).spikes" or
/// "trials{2,1}" for one of them; "unit*" for all whose names begin so.
/// </summary>
internal static class ArrayPaths
{
    private const int Deepest = 24;
    private const int MostNames = 2000;

    // Items of a list that are looked at to tell what is in it.
    private const int ItemsLookedAt = 4;

    /// <summary>Finds what must be there.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Its name.</param>
    /// <param name="option">The option that gives the name, for the message; empty for none.</param>
    /// <exception cref="InputException">There is no such thing.</exception>
    public static Found Find(ArrayFile file, string path, string option = "")
    {
        if (path.Length > 0 && Walk(file, file.Root, path, path) is { } found)
        {
            return found;
        }

        var names = Names(file).ToList();
        throw new InputException(
            $"{(option.Length > 0 ? $"{option}: " : "")}{file.Path}: there is no {file.Noun} '{Messages.OneLine(path)}'; {Spelling.DidYouMean(path, names)}the file has: {Messages.Names(names)}.");
    }

    /// <summary>Names of all arrays, without the places of elements, each once.</summary>
    public static IEnumerable<string> Names(ArrayFile file) => All(file).Select(one => one.Name);

    /// <summary>All arrays by their names without the places of elements, each with an example.</summary>
    public static IReadOnlyList<(string Name, ArrayNode Example)> All(ArrayFile file)
    {
        var all = new Dictionary<string, ArrayNode>(StringComparer.Ordinal);
        Add(file.Root, "", 0);
        return [.. all.Select(pair => (pair.Key, pair.Value))];

        void Add(ArrayNode node, string name, int depth)
        {
            if (depth > Deepest || all.Count >= MostNames)
            {
                return;
            }

            switch (node)
            {
                case RecordNode records:
                    foreach (var record in records.Records.Take(records.Records.Count > 1 ? ItemsLookedAt : 1))
                    {
                        for (var field = 0; field < records.Fields.Count; field++)
                        {
                            Add(record[field], name.Length == 0 ? records.Fields[field] : $"{name}{(file.FirstIndex == 1 ? "." : "/")}{records.Fields[field]}", depth + 1);
                        }
                    }

                    break;
                case ListNode { Items: [var first, ..] } list when first is not NumberNode { IsText: true }:
                    foreach (var item in list.Items.Take(ItemsLookedAt))
                    {
                        Add(item, name, depth + 1);
                    }

                    break;
                default:
                    if (!all.TryGetValue(name, out var example) || (example.Count == 0 && node.Count > 0))
                    {
                        all[name] = node;
                    }

                    break;
            }
        }
    }

    private static Found? Walk(ArrayFile file, ArrayNode node, string rest, string path)
    {
        if (rest.Length == 0)
        {
            return Found.Of(Messages.OneLine(path), node);
        }

        if (rest[0] is '(' or '{' && node is ListNode or RecordNode)
        {
            return Place(file, node, rest, path);
        }

        var name = rest[0] is '.' or '/' && node != file.Root ? rest[1..] : rest;
        switch (node)
        {
            case RecordNode { Records.Count: > 1 } many when !name.StartsWith('('):
                var fields = Enumerable.Range(0, many.Records.Count).Select(i => Field(file, many, i, name, path)).ToList();
                return fields.Exists(field => field is null) ? null : Found.List(Messages.OneLine(path), [.. fields.OfType<Found>()], Found.KindOf(many.Name), many);
            case RecordNode { Records.Count: 1 } single:
                return Field(file, single, 0, name, path);
            case ListNode { Items.Count: > 0 } list:
                var items = list.Items.Select(item => Walk(file, item, rest, path)).ToList();
                return items.Exists(item => item is null) ? null : items.Count == 1 ? items[0] : Found.List(Messages.OneLine(path), [.. items.OfType<Found>()], Found.KindOf(list.Name));
            default:
                return null;
        }
    }

    private static Found? Field(ArrayFile file, RecordNode records, int record, string name, string path)
    {
        // The longest name first: names may hold dots themselves.
        var best = -1;
        for (var field = 0; field < records.Fields.Count; field++)
        {
            var one = records.Fields[field];
            if (name.StartsWith(one, StringComparison.Ordinal) && (name.Length == one.Length || name[one.Length] is '.' or '/' or '(' or '{') && (best < 0 || one.Length > records.Fields[best].Length))
            {
                best = field;
            }
        }

        if (best >= 0)
        {
            return Walk(file, records.Records[record][best], name[records.Fields[best].Length..], name.Length == records.Fields[best].Length && records.Records.Count > 1 ? records.Records[record][best].Name : path);
        }

        var star = name.IndexOf('*', StringComparison.Ordinal);
        if (star < 0 || star != name.LastIndexOf('*') || name.AsSpan(star).ContainsAny('.', '/'))
        {
            return null;
        }

        var (front, back) = (name[..star], name[(star + 1)..]);
        Found[] matching =
        [
            .. Enumerable.Range(0, records.Fields.Count)
                .Where(field => records.Fields[field].Length >= name.Length - 1 && records.Fields[field].StartsWith(front, StringComparison.Ordinal) && records.Fields[field].EndsWith(back, StringComparison.Ordinal)
                    && records.Records[record][field] is not TextNode)
                .Select(field => Found.Of(Messages.OneLine(records.Records[record][field].Name), records.Records[record][field])),
        ];
        return matching.Length == 0 ? null
            : Found.KindOf(path) == ListKind.Trials ? Found.List(Messages.OneLine(path), [.. NumberedNames.InOrder(matching, one => one.Name)], ListKind.Trials)
            : Found.List(Messages.OneLine(path), matching, ListKind.Channels);
    }

    /// <summary>One of many, by its number or by its place along each axis.</summary>
    private static Found? Place(ArrayFile file, ArrayNode node, string rest, string path)
    {
        var end = rest.IndexOf(rest[0] == '(' ? ')' : '}', StringComparison.Ordinal);
        if (end < 0 || (rest[0] == '(') != (node is RecordNode))
        {
            return null;
        }

        var places = new List<int>();
        foreach (var part in rest[1..end].Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var place))
            {
                return null;
            }

            places.Add(place - file.FirstIndex);
        }

        long index = places[0];
        if (places.Count > 1)
        {
            if (places.Count != node.Shape.Count || places.Where((place, axis) => place < 0 || place >= node.Shape[axis]).Any())
            {
                return null;
            }

            index = 0;
            for (var axis = places.Count - 1; axis >= 0; axis--)
            {
                index = (index * node.Shape[axis]) + places[axis];
            }
        }

        var behind = rest[(end + 1)..];
        return node switch
        {
            ListNode list when index >= 0 && index < list.Items.Count => Walk(file, list.Items[(int)index], behind, path),
            RecordNode records when index >= 0 && index < records.Records.Count && behind.Length > 1 && behind[0] is '.' or '/' => Field(file, records, (int)index, behind[1..], path),
            _ => null,
        };
    }
}
