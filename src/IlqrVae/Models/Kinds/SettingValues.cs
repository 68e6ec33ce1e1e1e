namespace IlqrVae.Models.Kinds;

/// <summary>What kind of value a setting takes.</summary>
public enum SettingType
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>A real number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>A list of texts.</summary>
    Texts,
}

/// <summary>The values of a setting as programs that complete and check them need them: what <see cref="Setting{TOwner}.Allowed"/> says in words.</summary>
/// <param name="Type">What kind of value.</param>
public sealed record SettingValues(SettingType Type)
{
    /// <summary>Which numbers.</summary>
    public NumberRange Range { get; init; } = NumberRange.Any;

    /// <summary>The words there are; of numbers those that may stand in place of one. None for any text.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Whether a text may be empty.</summary>
    public bool MayBeEmpty { get; init; }
}
