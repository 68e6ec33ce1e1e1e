namespace IlqrVae.Models.Kinds;

/// <summary>
/// What a part of a model (its dynamics, its prior, a likelihood) is made of, before any data. Each kind of part is a record that describes itself: the
/// word configurations call it, its settings with their bounds, and how it is built. <see cref="ModelKinds"/> lists them, each at its defaults.
/// </summary>
/// <typeparam name="TPart">The base record of all kinds of this part.</typeparam>
public abstract record PartSpecification<TPart>
    where TPart : PartSpecification<TPart>
{
    /// <summary>What configurations call it.</summary>
    public abstract string Kind { get; }

    /// <summary>What it is, in one sentence without a full stop.</summary>
    public abstract string Meaning { get; }

    /// <summary>Its settings; their paths are the keys alone.</summary>
    /// <param name="kinds">The kinds there are, for settings that choose among them.</param>
    public virtual IReadOnlyList<Setting<TPart>> SettingsAmong(ModelKinds kinds) => [];

    /// <summary>Checks every setting against its bounds.</summary>
    /// <param name="what">What the part is called in messages.</param>
    /// <exception cref="InputException">A value is not allowed.</exception>
    public void RequireBounds(string what)
    {
        var self = (TPart)this;
        if (SettingsAmong(ModelKinds.BuiltIn).FirstOrDefault(setting => !setting.Holds(self)) is { } wrong)
        {
            throw new InputException($"{what}: '{wrong.Key}' is {wrong.Write(self)}; give {wrong.Allowed}.");
        }
    }
}
