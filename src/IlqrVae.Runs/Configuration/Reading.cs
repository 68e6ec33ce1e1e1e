using YamlDotNet.RepresentationModel;

namespace IlqrVae.Runs.Configuration;

/// <summary>How a text is read, and where its nodes come from.</summary>
/// <param name="where">What to call the text in messages.</param>
/// <param name="isOld">Whether keys of other kinds are passed over.</param>
internal sealed class Reading(string where, bool isOld)
{
    private readonly Dictionary<YamlNode, string> _origins = new(ReferenceEqualityComparer.Instance);

    /// <summary>What to call the text in messages.</summary>
    public string Where => where;

    /// <summary>Whether keys of other kinds are passed over.</summary>
    public bool IsOld => isOld;

    /// <summary>Where a node was written.</summary>
    public string At(YamlNode node) => _origins.TryGetValue(node, out var origin) ? origin : $"{where}, line {node.Start.Line}";

    /// <summary>Notes where a node comes from that the text does not have, or not as it is now.</summary>
    public TNode From<TNode>(string origin, TNode node)
        where TNode : YamlNode
    {
        _origins[node] = origin;
        return node;
    }
}
