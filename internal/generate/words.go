package generate

import "github.com/kindred-match/kindred/matcher"

// specialities follow a tag's label to make a narrower tag below it.
var specialities = []string{
	"basics", "projects", "outreach", "events", "research", "teaching",
	"for children", "safety", "history", "planning", "workshops", "careers",
	"tools", "documentation", "competitions", "for seniors", "advocacy",
	"exhibits", "data", "field days", "policy", "writing", "open days", "ethics",
}

// firstWords begin the names of partners and schools.
var firstWords = []string{
	"Harbor", "Juniper", "Lantern", "Cedar", "Bluebird", "Granite", "Willow",
	"Compass", "Meadow", "Foundry", "Orchard", "Beacon", "Kestrel", "Copper",
	"Tidewater", "Maple", "Summit", "Heron", "Mosaic", "Prairie", "Anchor",
	"Saffron", "Quarry", "Aurora", "Thistle", "Ridgeline", "Clover", "Ferry",
	"Marigold", "Slate", "Osprey", "Lighthouse", "Hazel", "Riverbend", "Amber",
	"Pinecrest", "Sparrow", "Keystone", "Driftwood", "Laurel", "Wharf", "Indigo",
	"Sycamore", "Trellis", "Evergreen", "Pebble", "Falcon", "Bramble", "Crescent",
	"Windmill", "Otter", "Birch", "Tern", "Canal", "Poppy", "Ironwood", "Gable",
	"Starling", "Fern", "Millstone", "Larkspur",
}

// partnerNouns end the names of partners, by kind.
var partnerNouns = map[matcher.PartnerKind][]string{
	"business":         {"Makers", "Labs", "Studio", "Works", "Software", "Bakery", "Builders", "Press", "Outfitters", "Clinic", "Motors", "Design", "Robotics", "Market", "Logistics", "Electric"},
	"community":        {"Neighbors", "Food Pantry", "Community Center", "Arts Collective", "Youth Club", "Shelter", "Tenants Union", "Garden Trust", "Repair Cafe", "Literacy Project", "Elder Circle", "Story House"},
	"higher_education": {"College", "Institute", "University Extension", "School of Nursing", "Polytechnic", "Research Center", "Conservatory", "Field Station"},
	"local_government": {"Public Library", "Parks Department", "Planning Office", "Fire Service", "Water Board", "Health Department", "Transit Office", "Records Office"},
	"recreation":       {"Athletic Club", "Swim Center", "Summer Camp", "Rowing Club", "Climbing Hall", "Sports League", "Playgrounds", "Nature Center"},
	"juvenile_justice": {"Youth Court", "Second Start", "Mediation Center", "Restorative Circle", "Diversion Program", "Youth Advocates"},
	"faith_based":      {"Interfaith Kitchen", "Fellowship", "Chapel Outreach", "Temple Youth", "Community Mosque", "Friends Meeting", "Parish Services"},
	"other":            {"Guild", "Cooperative", "Foundation", "Society", "Museum", "Observatory", "Radio"},
}

// regions are the ids of the city's regions, west to east, the north first:
// two rows of four.
var regions = []string{
	"northgate", "old-harbor", "millbrook", "east-quay",
	"westfield", "market-hill", "southbank", "lantern-point",
}

// regionLabels name them in the names of partners.
var regionLabels = []string{
	"Northgate", "Old Harbor", "Millbrook", "East Quay",
	"Westfield", "Market Hill", "Southbank", "Lantern Point",
}

// kindTitles are the roles that titles name, by kind of opportunity.
var kindTitles = map[matcher.OpportunityKind][]string{
	"internship":               {"intern", "internship"},
	"mentorship":               {"mentorship", "mentee"},
	"work_based":               {"assistant", "trainee", "team member"},
	"service_learning":         {"volunteer", "service project", "crew"},
	"apprenticeship":           {"apprentice", "apprenticeship"},
	"job_shadow":               {"job shadow", "shadow day"},
	"professional_development": {"workshop series", "certificate course"},
	"other":                    {"project", "program"},
}

var (
	goals       = []string{"teamwork", "communication", "career-exploration", "leadership", "problem-solving", "digital-literacy", "civic-responsibility", "creativity"}
	credentials = []string{"background-check", "first-aid", "food-handler", "cpr", "safety-card", "lifeguard", "drivers-license"}
	weekSlots   = []string{"mon-am", "mon-pm", "tue-am", "tue-pm", "wed-am", "wed-pm", "thu-am", "thu-pm", "fri-am", "fri-pm"}
	terms       = []string{"2027-spring", "2027-fall", "2027-summer"}
)
